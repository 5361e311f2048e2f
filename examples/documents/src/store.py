"""The table, the bucket and the queue of the documents."""

import json
import os
import time

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
s3 = boto3.client("s3")
sqs = boto3.client("sqs")
sns = boto3.client("sns")
BUCKET = os.environ["BUCKET"]


def wait(document_id, title, key):
    """Notes that a document waits to be read, and puts it in the queue."""
    item = {"id": document_id, "title": title, "key": key, "state": "waiting", "since": int(time.time())}
    table.put_item(Item=item)
    enqueue(document_id)
    return item


def enqueue(document_id):
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps({"id": document_id}))


def finish(document_id, words):
    """Notes what was found in a document, and tells the others."""
    table.update_item(
        Key={"id": document_id},
        UpdateExpression="SET #state = :finished, since = :now, words = :words",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":finished": "finished", ":now": int(time.time()), ":words": words},
    )
    sns.publish(TopicArn=os.environ["TOPIC_ARN"], Message=json.dumps({"id": document_id, "words": words}))


def answer(status, body):
    """An answer of the API."""
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body, default=int)}
