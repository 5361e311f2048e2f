"""GET /orders/{id}"""

from orders_core import cache, store
from orders_core.responses import answer, text


def handler(event, _context):
    order_id = event["pathParameters"]["id"]
    if (cached := cache.get(order_id)) is not None:
        return answer(200, cached)
    order = store.load(order_id)
    if order is None:
        return answer(404, {"message": f"no order {order_id}"})
    view = store.views.get_item(Key={"id": order_id}).get("Item", {})
    body = text({"id": order.id, "state": order.state, "total": order.total, "history": view.get("history", [])})
    cache.put(order_id, body)
    return answer(200, body)
