"""POST /documents"""

import json
import uuid

from src import store


def handler(event, _context):
    document = json.loads(event["body"])
    document_id = uuid.uuid4().hex
    key = f"documents/{document_id}.txt"
    store.s3.put_object(Bucket=store.BUCKET, Key=key, Body=document["text"].encode())
    return store.answer(202, store.wait(document_id, document["title"], key))
