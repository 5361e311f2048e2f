"""The consumer of the orders table's stream."""

from orders_core import store


def handler(event, _context):
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage")
        if image is None:
            continue
        order_id, state = image["id"]["S"], image["state"]["S"]
        store.views.update_item(
            Key={"id": order_id},
            UpdateExpression="SET history = list_append(if_not_exists(history, :none), :state)",
            ExpressionAttributeValues={":none": [], ":state": [state]},
        )
        store.announce(order_id, state)
