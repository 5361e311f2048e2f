"""The queue's worker: a message that fails goes back to the queue, the others do not."""

import logging
import os

import boto3

log = logging.getLogger()
log.setLevel(logging.INFO)
results = boto3.resource("dynamodb").Table(os.environ["RESULTS_TABLE"])


def handler(event, _context):
    failed = []
    for record in event["Records"]:
        try:
            results.put_item(Item={"id": record["messageId"], "result": record["body"].upper()})
        except Exception:
            log.exception("message %s failed", record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
