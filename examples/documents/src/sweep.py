"""The job that looks for what was forgotten."""

import time

from boto3.dynamodb.conditions import Key

from src import store


def handler(event, _context):
    before = int(time.time()) - event["olderThanHours"] * 3600
    waiting = Key("state").eq("waiting") & Key("since").lt(before)
    found = store.table.query(IndexName="by-state", KeyConditionExpression=waiting)["Items"]
    for document in found:
        store.enqueue(document["id"])
    return {"again": len(found)}
