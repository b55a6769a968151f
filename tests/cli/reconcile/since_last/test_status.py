"""`status` looks as a run since the last one would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cascade_cli.domain.records.stripe_events import EventState
from tests.cli.reconcile.since_last.shop import NightShop
from tests.harness.inbox_events import event, keep


def _status(shop: NightShop) -> dict[str, Any]:
    return shop.day.cascade("status", "--json").data


def test_it_knows_of_old_payments_what_the_next_run_would_find(shop: NightShop) -> None:
    day = shop.day
    refunded = shop.sell(day.ago(days=50))
    shop.sandboxed.pay(day.ago(days=30))
    twice = shop.sell(day.ago(days=20))
    shop.begin()
    day.clock.advance(hours=5)
    shop.sandboxed.app.stripe.account.refund(refunded["id"], at=day.ago(hours=1))
    shop.credit(twice)
    data, night = _status(shop), shop.night(after_hours=1)
    counts = data["discrepancies"]["counts"]
    found = {kind: number for kind, number in counts.items() if number}
    assert found == {"refunded": 1, "missing": 1, "duplicate": 1}
    assert sorted(night.kinds.values()) == sorted(found)
    assert len(data["discrepancies"]["since_last"]["new"]) == 2
    assert data["covered_since"] == night.data["coverage"]["covered_since"]


def test_a_look_costs_no_more_for_a_longer_history(shop: NightShop) -> None:
    shop.history(250, days=50)
    shop.begin()
    shop.day.clock.advance(hours=5)
    assert _status(shop)["requests"] == {"stripe": 2, "airtable": 4}


def test_it_says_how_it_read_where_the_key_may_not_read_events(shop: NightShop) -> None:
    shop.begin()
    told = shop.day.cascade("status", STRIPE_SECRET_KEY="rk_test_without_event")
    assert "refunds and disputes of what was settled go unnoticed" in told.err


def test_what_the_webhook_refused_and_a_run_found_settled_needs_nobody(shop: NightShop) -> None:
    day = shop.day
    settled, missing = day.ago(hours=9), day.ago(hours=8)
    one, other = shop.sandboxed.pay(settled), shop.sandboxed.pay(missing)
    for name, charge in (("evt_1", one), ("evt_2", other)):
        told = event(name, "charge.succeeded", charge["payment_intent"], settled)
        keep(day, [told], EventState.ATTENTION, "refused", hours=7)
    shop.credit(one, day.ago(hours=6))
    shop.begin()
    day.clock.advance(hours=3)
    attention = _status(shop)["webhook"]["attention"]
    assert [kept["payment"] for kept in attention] == [other["payment_intent"]]
    unheard = event("evt_3", "charge.succeeded", "pi_unheard", day.clock() - timedelta(hours=1))
    keep(day, [unheard], EventState.ATTENTION, "refused")
    assert len(_status(shop)["webhook"]["attention"]) == 2
