"""A year of a big shop as domain values: nearly all is settled, and each kind occurs.

Every row is made of strings of its own, as the adapters make them from two answers, and in the
order of these: charges newest first, stratagems in any order, as Airtable lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.engine_schedule import parse_schedule
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.money import read_ducats
from cascade_cli.domain.shop.times import Window

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TERMS = Terms(NOW, timedelta(minutes=15), parse_schedule("11:00,19:00 Europe/Rome"), PriceList())
_YEAR = Window(NOW - timedelta(days=365), NOW)
_UNKNOWN = "nobody"
# What a sale's ducats cost in cents; the second is a package with its bonus.
_SALES = (("100.0", 1000), ("525.0", 5000), ("37.5", 375), ("1075.0", 10000), ("12.0", 120))

# How a charge or its stratagem differs from what is plainly settled; None: there is no stratagem.
_Differences = tuple[Mapping[str, Any], Mapping[str, Any] | None]
_NEVER_RUN = {"executed_at": None}
_ODDITIES: Mapping[str, _Differences] = {
    "in_flight": ({}, {"status": "active", "expires_at": NOW + timedelta(days=1), **_NEVER_RUN}),
    "missing": ({}, None),
    "stalled": ({}, {"status": "expired", **_NEVER_RUN}),
    "failed": ({}, {"status": "failed", "failure": Failure.NO_FUNDS, **_NEVER_RUN}),
    "doubtful": ({}, {"status": "failed", "failure": Failure.UNCERTAIN}),
    "amount_mismatch": ({}, {"ducats": Decimal("1.5")}),
    "wrong_citizen": ({}, {"citizen": "somebody else"}),
    "duplicate": ({}, {}),
    "underpaid": ({"captured_cents": 60}, {}),
    "unattributable": ({"citizen": None}, None),
    "unknown_citizen": ({"citizen": _UNKNOWN}, None),
    "refunded": ({"refunded_cents": 50}, {}),
    "disputed": ({"disputed": True}, {}),
    "orphan": ({}, {}),
    "settled by the older connector": ({}, {"origin": Origin.LEGACY, "stripe_ids": ()}),
}


def big_shop(charges: int, odd_percent: int = 1) -> Snapshot:
    """So many charges and about as many stratagems; so many in a hundred are not plain."""
    sold = [_sold(number, charges, odd_percent)[0] for number in reversed(range(charges))]
    order = list(range(charges))
    Random(1).shuffle(order)  # noqa: S311
    # From charges of their own: nothing is shared between the answers of two services.
    made = [row for number in order for row in _sold(number, charges, odd_percent)[1]]
    return Snapshot(_YEAR, tuple(sold), tuple(made), Lookups(citizens={_UNKNOWN: False}))


def _sold(number: int, of: int, odd_percent: int) -> tuple[Charge, tuple[Stratagem, ...]]:
    every = 100 // odd_percent
    charge = _charge(number, of)
    if number % every:
        return charge, (_transfer(charge),)
    return _odd(charge, tuple(_ODDITIES)[number // every % len(_ODDITIES)])


def _charge(number: int, of: int) -> Charge:
    ducats, cents = _SALES[number % len(_SALES)]
    citizen = f"citizen_{number % 20_011}"
    text = f"{ducats}"
    return Charge(
        id=f"ch_3Q1xLkGz8mNcTb2u{number:08}",
        payment_intent=f"pi_3Q1xLkGz8mNcTb2u{number:08}",
        created_at=_YEAR.since + timedelta(seconds=int(364 * 86400 * number / of)),
        captured_cents=cents,
        refunded_cents=0,
        currency="usd",
        disputed=False,
        citizen=citizen,
        ducats=read_ducats(text),
        rate=read_ducats("0.10"),
        citizen_text=citizen,
        ducats_text=text,
    )


def _transfer(charge: Charge) -> Stratagem:
    """As cascade writes it and the engine leaves it."""
    payment, made = charge.payment_id, charge.created_at + timedelta(seconds=4)
    citizen = f"{charge.citizen_text}"
    return Stratagem(
        record_id=f"rec{payment[-14:]}",
        stratagem_id=charge.stratagem_id,
        citizen=citizen,
        ducats=read_ducats(charge.ducats_text),
        status="executed",
        created_at=made,
        expires_at=made + timedelta(hours=72),
        executed_at=made + timedelta(hours=9),
        origin=Origin.PAYMENT,
        stripe_ids=(f"{payment}", f"{charge.id}"),
        reason="ducat purchase",
        engine_log=f"[{made:%Y-%m-%d %H:%M}] Successfully transferred ducats to {citizen}",
    )


def _odd(charge: Charge, name: str) -> tuple[Charge, tuple[Stratagem, ...]]:
    of_charge, of_transfer = _ODDITIES[name]
    odd = replace(charge, **of_charge)
    if of_transfer is None:
        return odd, ()
    transfer = replace(_transfer(charge), **of_transfer)
    return odd, (transfer, *_beside(charge, name)) if name != _LEGACY else (_older(transfer),)


_LEGACY = "settled by the older connector"


def _older(transfer: Stratagem) -> Stratagem:
    second = int(transfer.created_at.timestamp())
    return replace(transfer, stratagem_id=f"cascade_payment_{transfer.citizen}_{second}")


def _beside(charge: Charge, name: str) -> Iterator[Stratagem]:
    another = replace(_transfer(charge), record_id=f"recZ{charge.id[-13:]}")
    if name == "duplicate":
        yield another
    if name == "orphan":
        key = f"cascade_payment_pi_Gone{charge.id[-8:]}"
        yield replace(another, stratagem_id=key, stripe_ids=())
