"""Bodies and answers of the HTTP endpoints."""

import base64
import json
from decimal import Decimal
from typing import Any


def body_of(event: dict) -> str:
    """The request's body; an HTTP API encodes what is not declared as text or JSON."""
    body = event.get("body") or "{}"
    return base64.b64decode(body).decode() if event.get("isBase64Encoded") else body


def text(body: Any) -> str:
    return json.dumps(body, default=lambda value: str(value) if isinstance(value, Decimal) else repr(value))


def answer(status: int, body: Any) -> dict:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"},
        "body": body if isinstance(body, str) else text(body),
    }
