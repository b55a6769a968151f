"""What replaying an event today should cause, given what Stripe and Venice say today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cascade_cli.domain.matching.ownership import Ownership
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import Resident, identity_doubt, unknown_citizen_clause
from cascade_cli.domain.records.orders import PURCHASE_REASON, Order, order_for_charge
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.selling.price_guard import price_objection
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.money import format_ducats, format_money


class Obstacle(StrEnum):
    """Why a replay does not credit a payment that was not credited yet."""

    UNKNOWN_PAYMENT = "unknown_payment"
    PAID_ELSEWHERE = "paid_elsewhere"
    """An invoice was paid in cash or the like: there is no charge to credit."""
    UNATTRIBUTABLE = "unattributable"
    UNKNOWN_CITIZEN = "unknown_citizen"
    ANOTHER_CITIZEN = "another_citizen"
    """The citizen of that name came to Venice after a transfer was made for an earlier citizen."""
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    UNDERPAID = "underpaid"
    """Less was paid than the ducats cost, or nobody can tell: see price_guard."""
    OVER_LIMIT = "over_limit"
    BLOCKED = "blocked"
    """Another transfer is in the way, which may have moved ducats, or has another amount than was
    sold."""
    AMBIGUOUS = "ambiguous"
    """Another transfer may already be the payment's."""
    CANCELLED = "cancelled"
    """cascade never cancels anything: a person did, and a person has to undo it."""


@dataclass(frozen=True)
class Objection:
    """One payment's obstacle, in a sentence; it holds up no other payment.

    `command` is how a person can get past it. If it is empty, the payment's story tells more.
    """

    obstacle: Obstacle
    why: str
    command: str = ""


@dataclass(frozen=True)
class CreditTerms:
    """What a payment is judged by: who exists, what ducats cost, how large one credit may be."""

    citizens: Mapping[str, Resident]
    prices: PriceList
    per_credit_ducats: Decimal


def objections_to(
    charge: Charge, rows: Sequence[Stratagem], terms: CreditTerms
) -> Iterator[Objection]:
    """The reasons why a machine may not credit the charge, also those that a person may overrule;
    `rows` are its own."""
    if charge.unallocated:
        yield Objection(Obstacle.UNATTRIBUTABLE, charge.unallocated)
        return
    if not charge.citizen or not charge.ducats:
        yield Objection(Obstacle.UNATTRIBUTABLE, charge.lacks)
        return
    if charge.refunded_cents:
        back = format_money(charge.refunded_cents, charge.currency)
        yield Objection(Obstacle.REFUNDED, f"{back} went back to the payer")
    if charge.disputed:
        yield Objection(Obstacle.DISPUTED, "the payer disputes it, or did so earlier")
    if price := price_objection(charge, terms.prices):
        yield Objection(Obstacle.UNDERPAID, price.why)
    resident = terms.citizens.get(charge.citizen)
    if resident is None:
        clause = unknown_citizen_clause(charge.citizen, terms.citizens)
        yield Objection(Obstacle.UNKNOWN_CITIZEN, clause)
    elif why := identity_doubt(charge.citizen, resident.since, rows):
        yield Objection(Obstacle.ANOTHER_CITIZEN, why)
    if charge.ducats > terms.per_credit_ducats:
        limit = format_ducats(terms.per_credit_ducats)
        yield Objection(Obstacle.OVER_LIMIT, f"more than the limit of {limit} ducats per credit")
    for row in rows:
        if row.status == "cancelled":
            yield Objection(Obstacle.CANCELLED, f"somebody has cancelled {row.stratagem_id}")


def credit_order(
    charge: Charge, facts: Mapping[str, Any], ownership: Ownership, past: PastDelivery
) -> Order | Objection:
    """The order for a charge without objections, with the records of neighbouring charges told
    apart, and what is remembered of its delivery."""
    try:
        order = order_for_charge(charge, PURCHASE_REASON, facts)
    except ValueError as error:
        return Objection(Obstacle.UNATTRIBUTABLE, str(error))
    return ownership.tell_apart(replace(order, settled_until=past.settled_until), charge)
