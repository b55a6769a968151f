"""What a story may contain: a class for each table of the file, a field for each key.

`reading` checks a file against these classes. All times say how long ago something was, so the same
story works on any day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from cascade_cli.sandbox.stripe.resources import disputes, refunds

Positive = Annotated[float, "more than 0"]
"""A number of ducats."""
Cents = Annotated[int, "more than 0"]
"""Minor units of a currency."""

Status = Literal["planned", "active", "executed", "failed", "expired", "cancelled", "error"]
Step = Literal["renew", "fail", "pay", "pay-elsewhere", "pause", "resume", "cancel"]


@dataclass(frozen=True)
class CitizenTable:
    """A citizen of Venice, with the ducats that they have now."""

    name: str
    ducats: float = 0.0
    social_class: str = "Popolani"
    arrived: timedelta = timedelta(days=400)


@dataclass(frozen=True)
class ProcessorTable:
    """The citizen who pays the ducats out. If `exists` is false, Venice has no such citizen."""

    ducats: float = 1_000_000.0
    exists: bool = True


@dataclass(frozen=True)
class StratagemTable:
    """A row of STRATAGEMS.

    `ran` is when the engine took it, by default ten minutes after it was written. `error` is the
    engine's text about a failure. `log` are further lines of Notes, `notes` replaces the JSON text
    before them, and `cells` any other cell.
    """

    at: timedelta | None = None
    by: Literal["webhook", "operator", "legacy"] = "webhook"
    id: str | None = None
    citizen: str | None = None
    ducats: Positive | None = None
    part: Cents | None = None
    status: Status = "executed"
    lives: timedelta | None = None
    ran: timedelta | None = None
    error: str | None = None
    log: tuple[str, ...] = ()
    notes: str | None = None
    cells: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RefundTable:
    """Money that goes back: `cents` of the payment, or all that is left."""

    at: timedelta
    cents: Cents | None = None
    status: refunds.Status = "succeeded"


@dataclass(frozen=True)
class StageTable:
    """What a dispute became."""

    at: timedelta
    status: disputes.Stage


@dataclass(frozen=True)
class DisputeTable:
    """A claim on a payment, and what became of it."""

    at: timedelta
    cents: Cents | None = None
    status: disputes.Opening = "needs_response"
    stage: tuple[StageTable, ...] = ()


@dataclass(frozen=True)
class PartTable:
    """One citizen's part of a payment for many."""

    citizen: str
    ducats: Positive


@dataclass(frozen=True)
class PaymentTable:
    """A payment by card, for one citizen or, with `part`, for many; `cents` by default at 0.10 US
    dollars a ducat. `metadata` overrides what the shop writes there; an empty text leaves a key
    out."""

    at: timedelta
    citizen: str | None = None
    ducats: Positive | None = None
    cents: Cents | None = None
    currency: str = "usd"
    state: Literal["paid", "held", "declined"] = "paid"
    metadata: dict[str, str] = field(default_factory=dict)
    part: tuple[PartTable, ...] = ()
    stratagem: tuple[StratagemTable, ...] = ()
    refund: tuple[RefundTable, ...] = ()
    dispute: tuple[DisputeTable, ...] = ()


@dataclass(frozen=True)
class StepTable:
    """A step in a subscription's life, with the stratagem for its payment."""

    at: timedelta
    do: Step
    stratagem: tuple[StratagemTable, ...] = ()


@dataclass(frozen=True)
class SubscriptionTable:
    """Ducats for a citizen every month; `stratagem` is for the first payment."""

    at: timedelta
    citizen: str
    ducats: Positive
    cents: Cents | None = None
    currency: str = "usd"
    bonus: Positive | None = None
    stratagem: tuple[StratagemTable, ...] = ()
    step: tuple[StepTable, ...] = ()


@dataclass(frozen=True)
class FaultTable:
    """What goes wrong at a service: the next `times` requests that fit, after `skip` others.

    `answer` is an HTTP status, or 0 for a connection that closes without an answer. `applied`
    requests are carried out first. `slow` is how long the answer takes.
    """

    service: Literal["stripe", "airtable", "venice"]
    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"] | None = None
    path: str = ""
    answer: int | None = None
    applied: bool = False
    slow: timedelta = timedelta(0)
    skip: int = 0
    times: Cents | None = None


@dataclass(frozen=True)
class StoryTable:
    """The whole file. With `now` the sandbox's clock shows that moment."""

    title: str = ""
    now: datetime | None = None
    engine_notices: bool = False
    processor: ProcessorTable = ProcessorTable()
    citizen: tuple[CitizenTable, ...] = ()
    payment: tuple[PaymentTable, ...] = ()
    subscription: tuple[SubscriptionTable, ...] = ()
    stratagem: tuple[StratagemTable, ...] = ()
    fault: tuple[FaultTable, ...] = ()
