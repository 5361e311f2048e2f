"""The board: a sorted set in Redis."""

import base64
import json
import os

import redis

BOARD = "board"
store = redis.Redis(
    host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]), decode_responses=True, socket_timeout=2
)


def apply(event, _context):
    """The consumer of the stream. The better of two scores stays, so that a record may come twice."""
    scores = {}
    for record in event["Records"]:
        found = json.loads(base64.b64decode(record["kinesis"]["data"]))
        scores[found["player"]] = max(found["score"], scores.get(found["player"], 0))
    if scores:
        store.zadd(BOARD, scores, gt=True)


def show(_event, _context):
    """GET /board"""
    best = [{"player": player, "score": int(score)} for player, score in store.zrevrange(BOARD, 0, 9, withscores=True)]
    return {"statusCode": 200, "body": json.dumps(best)}


def close_season(_event, _context):
    """Keeps the board as that of last season, and begins an empty one."""
    if store.exists(BOARD):
        store.rename(BOARD, f"{BOARD}:last")
