"""What the stage configuration says, read from the environment once per cold start."""

import logging
import os

STAGE = os.environ["STAGE"]
ORDERS_TABLE = os.environ["ORDERS_TABLE"]
VIEWS_TABLE = os.environ["VIEWS_TABLE"]
ORDERS_QUEUE_URL = os.environ["ORDERS_QUEUE_URL"]
CHANGES_STREAM = os.environ["CHANGES_STREAM"]
REDIS_HOST = os.environ.get("REDIS_HOST")
REDIS_PORT = int(os.environ.get("REDIS_PORT", "6379"))

log = logging.getLogger("orders")
log.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
