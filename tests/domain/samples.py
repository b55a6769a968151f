"""Charges, stratagems and worlds with everything ordinary filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot, matched_charges_of
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.engine_schedule import parse_schedule
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.times import Window

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
GRACE = timedelta(minutes=15)
TERMS = Terms(NOW, GRACE, parse_schedule("11:00,19:00 Europe/Rome"), PriceList())
WEEK = Window(NOW - timedelta(days=7), NOW)
PAID = NOW - timedelta(hours=30)
# What a dispute is called before the bank has decided for the first time.
FIRST_ROUND = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def a_charge(name: str = "1", **changed: Any) -> Charge:
    """100 ducats at 0.10 USD for marco, paid thirty hours ago; `name` makes the ids."""
    ordinary = Charge(
        id=f"ch_{name}",
        payment_intent=f"pi_{name}",
        created_at=PAID,
        captured_cents=1000,
        refunded_cents=0,
        currency="usd",
        disputed=False,
        citizen="marco",
        ducats=Decimal(100),
        rate=Decimal("0.10"),
        citizen_text="marco",
        ducats_text="100.0",
    )
    return replace(ordinary, **changed)


def shortfall_cents(prices: PriceList, charge: Charge) -> int:
    """What is missing of the price by these lists."""
    return prices.due(charge).shortfall_cents(charge)


def a_stratagem(name: str = "1", **changed: Any) -> Stratagem:
    """Executed, 100 ducats for marco, made a minute after `PAID`; it names nothing."""
    ordinary = Stratagem(
        record_id=f"rec{name}",
        stratagem_id=f"stratagem_{name}",
        citizen="marco",
        ducats=Decimal(100),
        status="executed",
        created_at=PAID + timedelta(minutes=1),
        expires_at=PAID + timedelta(hours=72),
    )
    return replace(ordinary, **changed)


def keyed(charge: Charge, **changed: Any) -> Stratagem:
    """The stratagem under the charge's own key."""
    fields = {
        "stratagem_id": charge.stratagem_id,
        "origin": Origin.PAYMENT,
        "record_id": f"rec_{charge.id}",
        **changed,
    }
    return a_stratagem(**fields)


def older(name: str = "1", **changed: Any) -> Stratagem:
    """As the older connector writes it, without any Stripe id."""
    made = changed.get("created_at", PAID + timedelta(minutes=1))
    stratagem_id = f"cascade_payment_marco_{int(made.timestamp())}"
    return a_stratagem(name, **{"stratagem_id": stratagem_id, "origin": Origin.LEGACY, **changed})


def judge(
    charges: Iterable[Charge], stratagems: Iterable[Stratagem] = (), **answers: Any
) -> Reconciliation:
    """The week's reconciliation, seen at NOW."""
    return reconcile(a_snapshot(charges, stratagems, **answers), TERMS)


def a_snapshot(
    charges: Iterable[Charge], stratagems: Iterable[Stratagem] = (), **answers: Any
) -> Snapshot:
    """The week before NOW."""
    return Snapshot(WEEK, tuple(charges), tuple(stratagems), Lookups(**answers))


def the_item(charge: Charge, *stratagems: Stratagem, **answers: Any) -> Item:
    """The one item of a world with one charge."""
    (item,) = judge([charge], stratagems, **answers).items
    return item


def the_matched_charge(charge: Charge, *stratagems: Stratagem, **answers: Any) -> MatchedCharge:
    """The one case of a world with one charge."""
    snapshot = a_snapshot([charge], stratagems, **answers)
    return matched_charges_of(snapshot, match(snapshot.charges, snapshot.stratagems), TERMS)[
        charge.id
    ]
