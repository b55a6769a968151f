"""Refunds of payments that were settled long ago, from the night they are found until the last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.cli.reconcile.since_last.shop import Charge, NightShop

HOUR = timedelta(hours=1)


@pytest.fixture
def old(shop: NightShop) -> Charge:
    """A payment of fifty days ago, remembered as settled."""
    sold = shop.sell(shop.day.ago(days=50))
    assert shop.begin().code == 0
    assert shop.night().code == 0
    return sold


def have(shop: NightShop, ducats: int) -> None:
    """So many ducats are what marco has."""
    tables = shop.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", "{Username} = 'marco'")
    tables.update("CITIZENS", record["id"], {"Ducats": ducats})


def money_back(shop: NightShop, charge: Charge, cents: int | None = None, **how: Any) -> str:
    """A refund at Stripe, an hour from now; its id."""
    account = shop.sandboxed.app.stripe.account
    return str(account.refund(charge["id"], at=shop.day.clock() + HOUR, amount=cents, **how)["id"])


def take_back(shop: NightShop, charge: Charge) -> None:
    assert shop.day.cascade("refund", charge["payment_intent"], "--yes").code == 0


def let_the_engine_run(shop: NightShop, only: str | None = None) -> None:
    shop.sandboxed.app.engine.run(only=only)


def test_a_refund_of_today_leaves_the_list_when_its_ducats_have_come_back(
    shop: NightShop, old: Charge
) -> None:
    have(shop, 100)
    money_back(shop, old)
    assert shop.night().kinds == {old["payment_intent"]: "refunded"}
    take_back(shop, old)
    # The row that takes them back is soon too old to be listed: it is asked for by its id.
    for _ in range(2):
        night = shop.night()
        assert (night.kinds, night.data["counts"]["in_flight"]) == ({}, 1)
    let_the_engine_run(shop)
    done = shop.night()
    assert (done.kinds, done.data["counts"]["settled"]) == ({}, 1)
    assert done.data["ducats"]["residual"] == "0"
    assert shop.night().beyond == (0, 0, 0)


def test_a_second_refund_later_knows_what_came_back_for_the_first(
    shop: NightShop, old: Charge
) -> None:
    have(shop, 100)
    money_back(shop, old, 250)
    assert shop.night().kinds == {old["payment_intent"]: "refunded"}
    take_back(shop, old)
    let_the_engine_run(shop)
    assert shop.night().kinds == {}
    assert shop.night().beyond == (0, 0, 0)
    money_back(shop, old, 250)
    night = shop.night()
    assert night.kinds == {old["payment_intent"]: "refunded"}
    assert night.data["items"][0]["ducats_at_risk"] == "25"
    take_back(shop, old)
    let_the_engine_run(shop)
    assert shop.night().kinds == {}


def test_a_row_that_never_took_anything_back_is_watched_after_all_is_settled(
    shop: NightShop, old: Charge
) -> None:
    have(shop, 100)
    refund = money_back(shop, old, pending=True)
    assert shop.night().kinds == {old["payment_intent"]: "refunded"}
    take_back(shop, old)
    # The engine stands still until the row has expired.
    assert shop.night(after_hours=80).kinds == {old["payment_intent"]: "refunded"}
    account = shop.sandboxed.app.stripe.account
    account.settle_refund(refund, at=shop.day.clock() + HOUR, status="failed")
    assert shop.night().kinds == {}
    assert shop.night().kinds == {}
    # Told to run one row by its id, the engine heeds no expiry.
    let_the_engine_run(shop, only=f"cascade_refund_{refund}")
    night = shop.night()
    assert night.kinds == {old["payment_intent"]: "refunded"}
    assert "they belong to the citizen" in str(night.data["items"][0]["evidence"])
    take_back(shop, old)
    let_the_engine_run(shop)
    assert shop.night().kinds == {}


def test_a_payment_whose_ducats_came_back_stays_settled_when_it_is_verified(
    shop: NightShop, old: Charge
) -> None:
    have(shop, 100)
    money_back(shop, old)
    shop.night()
    take_back(shop, old)
    let_the_engine_run(shop)
    assert shop.night().kinds == {}
    for depth in ("sample", "full"):
        verified = shop.night("--verify", depth).data["verified"]
        assert (verified["checked"], verified["wrong"]) == (1, [])
