"""The nightly job."""

from collections import Counter
from decimal import Decimal

from orders_core import store
from orders_core.settings import log


def handler(_event, _context):
    states: Counter[str] = Counter()
    total = Decimal(0)
    start = {}
    while True:
        page = store.orders.scan(
            ProjectionExpression="#state, #total",
            ExpressionAttributeNames={"#state": "state", "#total": "total"},  # both words are reserved
            **start,
        )
        for item in page["Items"]:
            states[item["state"]] += 1
            total += item["total"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    report = {"orders": dict(states), "total": str(total)}
    log.info("report %s", report)
    return report
