"""The consumer of the bucket's events."""

import uuid
from urllib.parse import unquote_plus

from src import store


def handler(event, _context):
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        # The same object gives the same document, however often the event comes.
        document_id = uuid.uuid5(uuid.NAMESPACE_URL, f"s3://{store.BUCKET}/{key}").hex
        store.wait(document_id, key.rsplit("/", 1)[-1], key)
