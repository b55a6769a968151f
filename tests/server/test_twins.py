"""Two purchases of one citizen and amount: each shows its own legacy row, and none another's."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.domain.shop.keys import LEGACY_SOURCE
from tests.server.conftest import Shop

HOUR = timedelta(hours=1)
CHARGES = "/stripe/v1/charges"


@pytest.fixture
def now() -> datetime:
    return utc_now()


def _legacy_row(shop: Shop, at: datetime) -> str:
    notes = {"source": LEGACY_SOURCE, "payment_type": "stripe_purchase", "amount": 100.0}
    name = f"cascade_payment_marco_{int(at.timestamp())}"
    shop.place.transfer(name, at, Notes=json.dumps(notes))
    return name


def _shown(shop: Shop, charge: dict[str, Any]) -> tuple[str, str | None]:
    answer = shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}")
    told = answer.json()["transfer"]
    return told["state"], told["stratagem_id"]


def test_a_neighbours_legacy_row_is_not_shown_as_ones_own(shop: Shop, now: datetime) -> None:
    lacking, delivered = shop.place.pay(now - 6 * HOUR), shop.place.pay(now - 5 * HOUR)
    row = _legacy_row(shop, now - 5 * HOUR + timedelta(minutes=1))
    assert _shown(shop, delivered) == ("executed", row)
    assert _shown(shop, lacking) == ("none", None)


def test_twins_with_a_legacy_row_each_show_one_each(shop: Shop, now: datetime) -> None:
    first, second = shop.place.pay(now - 6 * HOUR), shop.place.pay(now - 5 * HOUR)
    rows = [_legacy_row(shop, now - n * HOUR + timedelta(minutes=1)) for n in (6, 5)]
    assert [_shown(shop, first)[1], _shown(shop, second)[1]] == rows


def test_a_neighbour_that_has_a_row_of_its_own_takes_no_legacy_row(
    shop: Shop, now: datetime
) -> None:
    ours, named = shop.place.pay(now - 6 * HOUR), shop.place.pay(now - 5 * HOUR)
    shop.place.transfer(f"cascade_payment_{named['payment_intent']}", now - 5 * HOUR)
    row = _legacy_row(shop, now - 4 * HOUR)
    assert _shown(shop, ours) == ("executed", row)


def test_one_listing_more_is_asked_for_and_only_where_there_are_legacy_rows(
    shop: Shop, now: datetime
) -> None:
    asked = shop.place.recorder
    plain = shop.place.pay(now - 6 * HOUR, citizen="lucia")
    legacy = shop.place.pay(now - 6 * HOUR)
    _legacy_row(shop, now - 5 * HOUR)
    counts = []
    # What the server asks for once has been asked then.
    _shown(shop, shop.place.pay(now - 7 * HOUR, citizen="lucia"))
    for charge in (plain, legacy):
        asked.requests.clear()
        _shown(shop, charge)
        counts.append((len(asked.to("stripe")), len(asked.to("airtable"))))
    (stripe, airtable), with_legacy = counts
    assert with_legacy == (stripe + 1, airtable)


def test_what_was_executed_under_its_own_key_asks_for_no_neighbours(
    shop: Shop, now: datetime
) -> None:
    charge = shop.place.pay(now - 6 * HOUR)
    key = f"cascade_payment_{charge['payment_intent']}"
    shop.place.transfer(key, now - 6 * HOUR)
    _legacy_row(shop, now - 5 * HOUR)
    assert _shown(shop, charge) == ("executed", key)
    assert not [r for r in shop.place.recorder.to("stripe") if r.path == CHARGES]
