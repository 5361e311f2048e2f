"""The tables, the queue and the stream."""

import json

import boto3

from . import settings
from .models import Order

_dynamodb = boto3.resource("dynamodb")
orders = _dynamodb.Table(settings.ORDERS_TABLE)
views = _dynamodb.Table(settings.VIEWS_TABLE)
_sqs = boto3.client("sqs")
_kinesis = boto3.client("kinesis")


def save(order: Order) -> None:
    orders.put_item(Item=order.model_dump())


def load(order_id: str) -> Order | None:
    item = orders.get_item(Key={"id": order_id}).get("Item")
    return Order.model_validate(item) if item else None


def enqueue(order: Order) -> None:
    _sqs.send_message(QueueUrl=settings.ORDERS_QUEUE_URL, MessageBody=json.dumps({"id": order.id}))


def announce(order_id: str, state: str) -> None:
    _kinesis.put_record(
        StreamName=settings.CHANGES_STREAM,
        PartitionKey=order_id,
        Data=json.dumps({"id": order_id, "state": state}).encode(),
    )
