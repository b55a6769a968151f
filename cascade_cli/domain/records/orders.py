"""What ought to exist in Venice for one cause (a payment, a credit by hand, a refund), and which
guards a person may overrule for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cascade_cli.domain.records.charges import Charge, Period
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.shop.keys import MANUAL_PREFIX, mentioned_payments
from cascade_cli.domain.shop.money import ZERO, exact, format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import rfc3339

# In Notes and in the journal's intent: the decisions that an order rests on.
OVERRIDES = "overrides"


class Override(StrEnum):
    """One explicit decision against one guard; the value is the option's name.

    It is recorded with the order: in the journal's intent and in the transfer's Notes.
    """

    UNDERPAID = "although-underpaid"
    """Deliver, although less was paid than the ducats cost or the price is not known."""
    AMBIGUOUS = "although-ambiguous"
    """Deliver, although a transfer of the legacy connector may already be this payment's."""


def refund_although(override: Override, payment_id: str) -> str:
    """The command by which a person delivers what a refund left of a payment, despite a guard."""
    return command("refund", payment_id, f"--{override}")


def credit_although(
    overrides: Iterable[Override], payment_id: str, citizen: str, ducats: str, reason: str
) -> str:
    """The command by which a person credits despite guards; `ducats` is inserted as given."""
    options = ("--payment", payment_id, "--reason", reason)
    words = (*options, *(f"--{override}" for override in sorted(overrides)))
    if citizen.startswith("-"):
        return command("credit", *words, "--", citizen, ducats)
    return command("credit", citizen, ducats, *words)


# In Notes: the citizen whom the payment names, if a person credits another one instead.
INSTEAD_OF = "instead_of"
# In Notes: which portion of a payment for many citizens it is.
PORTION = "portion"
# In Notes: what the engine had said of the row before cascade revived it.
ENGINE_LOG = "engine_log"
# In Notes: the part of the engine's log that no longer counts, because a person found that the row
# had moved nothing.
RULED_LOG = "ruled_log"
# In Notes: the operator's own reference for a credit by hand.
REFERENCE = "reference"
# In Notes: who made the credit.
OPERATOR = "operator"
PURCHASE_REASON = "Ducat purchase via CASCADE"
REFERENCE_FORM = "1 to 200 letters, digits, dots, dashes, underscores or colons"
_REFERENCE = re.compile(r"[A-Za-z0-9._:-]{1,200}")


class Cause(StrEnum):
    """Why ducats are to move."""

    PAYMENT = "payment"
    MANUAL = "manual"
    REFUND = "refund"
    """Money went back to the payer."""
    GIVE_BACK = "give_back"
    """Money that was to go back to the payer did not."""
    CORRECTION = "correction"
    """A person decided that a citizen lacks these ducats."""
    TAKE_BACK = "take_back"
    """A person decided that a citizen has these ducats from a transfer that was wrong."""


@dataclass(frozen=True)
class Order:
    """One transfer that ought to exist; `key` is its StratagemId, for ever.

    `citizen` receives the ducats and `payer` gives them; an empty `payer` is the processor.
    `charge` is the payment behind the order, None for a credit by hand. `facts` go into the
    stratagem's Notes. `gift` means that the giver is told as well.

    `own_records` are rows known to belong to this payment, `foreign_records` rows known to belong
    to others: legacy rows do not say so themselves. `unclear_records` are legacy rows that were
    given to another payment but may be this one's. `settled_until` is the end of the complete run
    that left nothing open about the payment: a row that it saw executed and that is missing now has
    vanished.

    `retire_surplus` ends active rows beyond the one that is due, and makes or revives nothing.
    `lets_lapse` then means: do not make sure that the remaining one arrives. `ends` means that the
    order must no longer arrive: its live rows are taken out of the engine's way, and nothing is
    made or revived.

    `amends` corrects an earlier order with the same key, whose transfer surely moved nothing,
    because a person decided so or because money went or came back. `refuse_twin_since` makes the
    journal refuse a second such credit by hand since that moment. `overrides` are the guards that a
    person overruled; they are in `facts` as well. `again` confirms a credit by hand, although one
    was made.
    """

    key: str
    citizen: str
    ducats: Decimal
    cause: Cause
    reason: str
    charge: Charge | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    own_records: frozenset[str] = frozenset()
    foreign_records: frozenset[str] = frozenset()
    refuse_twin_since: datetime | None = None
    retire_surplus: bool = False
    lets_lapse: bool = False
    amends: bool = False
    payer: str = ""
    ends: bool = False
    gift: Gift | None = None
    overrides: frozenset[Override] = frozenset()
    unclear_records: frozenset[str] = frozenset()
    settled_until: datetime | None = None
    again: bool = False

    @property
    def mentions(self) -> tuple[str, ...]:
        """For a credit by hand, the payments that its reason or reference mentions."""
        if self.cause is not Cause.MANUAL:
            return ()
        return mentioned_payments(f"{self.facts.get(REFERENCE, '')} {self.reason}")

    @property
    def concerned(self) -> str:
        """The citizen who deals with the processor: the payer if there is one, else the
        recipient."""
        return self.payer or self.citizen

    @property
    def summary(self) -> str:
        """For people: how many ducats, and to or from whom."""
        ducats = f"{format_ducats(self.ducats)} ducats"
        return f"{ducats} from {self.payer!r}" if self.payer else f"{ducats} to {self.citizen!r}"


def order_for_charge(charge: Charge, reason: str, facts: Mapping[str, Any]) -> Order:
    """The order that a machine may carry out for a paid charge.

    Raises ValueError if a person has to decide: the charge names no usable citizen or amount, money
    went back, or the payer disputes it.
    """
    if charge.unallocated:
        raise ValueError(f"{charge.payment_id}: {charge.unallocated}")
    if charge.names_processor:
        raise ValueError(f"{charge.payment_id}: {charge.lacks}")
    if not charge.citizen or not charge.ducats:
        raise ValueError(f"{charge.payment_id} does not say who gets the ducats, or how many")
    if charge.refunded_cents or charge.disputed:
        what = "is disputed" if charge.disputed else "was refunded, in part or whole"
        raise ValueError(f"{charge.payment_id} {what}")
    return Order(
        key=charge.stratagem_id,
        citizen=charge.citizen,
        ducats=exact(charge.ducats),
        cause=Cause.PAYMENT,
        reason=reason,
        charge=charge,
        facts={**payment_facts(charge), **facts},
        gift=charge.gift_to(charge.citizen),
    )


def decided(order: Order, *overrides: Override) -> Order:
    """The order with a person's decisions against guards, recorded for Notes and the journal."""
    if not overrides:
        return order
    all_of_them = order.overrides.union(overrides)
    facts = {**order.facts, OVERRIDES: sorted(all_of_them)}
    return replace(order, overrides=all_of_them, facts=facts)


def lookup_order(charge: Charge) -> Order:
    """An order with which to look up a charge's transfers, whatever citizen or amount the charge
    names."""
    citizen, ducats = charge.citizen or "", charge.ducats or ZERO
    return Order(charge.stratagem_id, citizen, ducats, Cause.PAYMENT, "", charge)


def payment_facts(charge: Charge) -> dict[str, Any]:
    """What Notes should say about the payment."""
    gift = charge.gift_to(charge.citizen)
    facts: dict[str, Any] = {
        "payment_intent": charge.payment_intent,
        "charge": charge.charge_id,
        PORTION: charge.portion.number if charge.portion else None,
        "amount_cents": charge.own_cents,
        "currency": charge.currency,
        "exchange_rate": str(charge.rate) if charge.rate else None,
        "currency_rate": charge.exchange.number if charge.exchange else None,
        "currency_rate_date": charge.exchange.day.isoformat() if charge.exchange else None,
        "package": charge.package,
        "gift": _gift_facts(gift) if gift else None,
        **(_period_facts(charge.period) if charge.period else {}),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _gift_facts(gift: Gift) -> dict[str, Any]:
    """The gift for Notes, without its message, which is private.

    The giver's name is nested one level below the payment's id, so it can never be taken for the id
    of another payment.
    """
    return {"anonymous": True} if gift.anonymous else {"giver": gift.named_giver}


def _period_facts(period: Period) -> dict[str, str]:
    """The subscription, and the month of it for which the ducats are."""
    facts = {
        "invoice": period.invoice,
        "subscription": period.subscription,
        "period_since": rfc3339(period.since),
        "period_until": rfc3339(period.until),
    }
    return {name: value for name, value in facts.items() if value}


def manual_key(reference: str) -> str:
    """The StratagemId of a credit by hand. Raises ValueError on an unusable reference."""
    if not _REFERENCE.fullmatch(reference):
        raise ValueError(f"the reference {reference[:80]!r} is not {REFERENCE_FORM}")
    return MANUAL_PREFIX + reference


def moves_of(orders: Iterable[Order]) -> tuple[object, ...]:
    """Everything that the orders would write. If two sets of orders agree in this, they do the
    same."""
    return tuple(
        (o.key, o.citizen, o.payer, o.ducats, o.ends, o.retire_surplus, o.overrides) for o in orders
    )
