"""The queue's worker."""

import json

from orders_core import store
from orders_core.settings import log


def handler(event, _context):
    failed = []
    for record in event["Records"]:
        try:
            order = store.load(json.loads(record["body"])["id"])
            if order is not None:
                store.save(order.confirmed())
        except Exception:
            log.exception("message %s failed and stays in the queue", record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
