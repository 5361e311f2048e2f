"""What an order is."""

from decimal import Decimal
from enum import StrEnum
from uuid import uuid4

from pydantic import BaseModel, Field


class State(StrEnum):
    RECEIVED = "received"
    CONFIRMED = "confirmed"


class Line(BaseModel):
    sku: str = Field(min_length=1)
    quantity: int = Field(gt=0, le=1000)
    price: Decimal = Field(gt=0, decimal_places=2)


class NewOrder(BaseModel):
    """What a customer sends."""

    customer: str = Field(min_length=1)
    lines: list[Line] = Field(min_length=1)


class Order(NewOrder):
    """What is stored."""

    id: str = Field(default_factory=lambda: uuid4().hex)
    state: State = State.RECEIVED
    total: Decimal = Decimal(0)

    def confirmed(self) -> "Order":
        total = sum((line.price * line.quantity for line in self.lines), Decimal(0))
        return self.model_copy(update={"state": State.CONFIRMED, "total": total})
