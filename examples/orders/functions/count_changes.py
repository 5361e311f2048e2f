"""The consumer of the stream of changes."""

import base64
import json
from collections import Counter

from orders_core import store


def handler(event, _context):
    states = Counter(json.loads(base64.b64decode(r["kinesis"]["data"]))["state"] for r in event["Records"])
    for state, count in states.items():
        store.views.update_item(
            Key={"id": f"count#{state}"},
            UpdateExpression="ADD changes :count",
            ExpressionAttributeValues={":count": count},
        )
    return dict(states)
