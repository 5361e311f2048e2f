"""The consumer of the queue."""

import json
import logging

from src import store

log = logging.getLogger()


def handler(event, _context):
    failed = []
    for record in event["Records"]:
        try:
            read(json.loads(record["body"])["id"])
        except Exception:
            log.exception("cannot read the document of message %s", record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def read(document_id):
    document = store.table.get_item(Key={"id": document_id})["Item"]
    text = store.s3.get_object(Bucket=store.BUCKET, Key=document["key"])["Body"].read().decode()
    store.finish(document_id, len(text.split()))
