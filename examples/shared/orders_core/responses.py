"""Answers of the HTTP endpoints."""

import json
from decimal import Decimal
from typing import Any


def text(body: Any) -> str:
    return json.dumps(body, default=lambda value: str(value) if isinstance(value, Decimal) else repr(value))


def answer(status: int, body: Any) -> dict:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"},
        "body": body if isinstance(body, str) else text(body),
    }
