"""A cache in front of the views: Redis where the stage has one, this process elsewhere."""

import time

from . import settings

_SECONDS = 2


class _InProcess:
    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, str]] = {}

    def get(self, key: str) -> str | None:
        until, value = self._entries.get(key, (0.0, None))
        return value if time.monotonic() < until else None

    def setex(self, key: str, seconds: int, value: str) -> None:
        self._entries[key] = (time.monotonic() + seconds, value)


def _connect():
    if settings.REDIS_HOST is None:
        return _InProcess()
    import redis

    return redis.Redis(settings.REDIS_HOST, settings.REDIS_PORT, decode_responses=True, socket_timeout=1)


_cache = _connect()


def get(key: str) -> str | None:
    return _cache.get(key)


def put(key: str, value: str) -> None:
    _cache.setex(key, _SECONDS, value)
