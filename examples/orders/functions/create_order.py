"""POST /orders"""

from pydantic import ValidationError

from orders_core import store
from orders_core.models import NewOrder, Order
from orders_core.responses import answer, body_of
from orders_core.settings import log


def handler(event, _context):
    try:
        new = NewOrder.model_validate_json(body_of(event))
    except ValidationError as error:
        return answer(422, error.json(include_url=False, include_input=False))
    order = Order(**new.model_dump())
    store.save(order)
    store.enqueue(order)
    log.info("order %s of %s received", order.id, order.customer)
    return answer(202, {"id": order.id, "state": order.state})
