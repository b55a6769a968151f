"""Which runs are remembered, and what is done where nothing, or too little, is."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta

import pytest

from cascade_cli.sandbox.wire import Response
from tests.cli.reconcile.since_last.shop import NightShop


def test_the_first_run_reads_a_week_and_promises_no_more(shop: NightShop) -> None:
    shop.sell(shop.day.ago(days=10))
    first = shop.night(after_hours=0)
    assert first.hours == pytest.approx(7 * 24)
    assert "no complete run is recorded yet" in first.warnings[0]
    begun = first.data["coverage"]["covered_since"]
    second = shop.night()
    assert second.hours == pytest.approx(25, abs=0.1)
    assert second.data["coverage"]["covered_since"] == begun == first.data["window"]["since"]


def test_a_run_that_could_not_read_everything_leaves_the_next_one_its_work(
    shop: NightShop,
) -> None:
    shop.begin()
    missing = shop.sandboxed.pay(shop.day.clock() + timedelta(hours=2))
    recorder = shop.sandboxed.recorder
    recorder.break_from("airtable", 1, Response(422, b'{"error": {"type": "x"}}'))
    assert shop.night().code == 5
    recorder.mend("airtable")
    night = shop.night()
    assert night.hours == pytest.approx(49, abs=0.1)
    assert night.data["since_last"]["new"] == [missing["payment_intent"]]


def test_a_run_over_less_than_the_memory_covers_does_not_end_the_watch(shop: NightShop) -> None:
    old = shop.sell(shop.day.ago(days=50))
    shop.begin()
    shop.sandboxed.app.stripe.account.refund(old["id"], at=shop.day.clock() + timedelta(hours=1))
    shop.day.clock.advance(hours=8)
    assert shop.begin("7d").code == 0
    assert shop.night(after_hours=16).kinds == {old["payment_intent"]: "refunded"}


def test_a_run_over_more_takes_the_memory_s_place(shop: NightShop) -> None:
    shop.sell(shop.day.ago(days=50))
    shop.begin("30d")
    shop.day.clock.advance(hours=8)
    longer = shop.begin("90d").data["coverage"]["covered_since"]
    night = shop.night(after_hours=1)
    assert night.hours == pytest.approx(2, abs=0.1)
    assert night.data["coverage"]["covered_since"] == longer


def test_a_memory_of_an_older_version_is_read_once_by_a_window_and_then_continued(
    shop: NightShop,
) -> None:
    missing = shop.sandboxed.pay(shop.day.ago(days=20))
    shop.begin()
    new = {"covered_since", "leads", "loose", "charges_a_day"}
    _change_mark(shop, lambda mark: {k: v for k, v in mark.items() if k not in new})
    first = shop.night()
    assert "an older version" in first.warnings[0]
    assert first.hours == pytest.approx(21 * 24)
    assert first.kinds == {missing["payment_intent"]: "missing"}
    second = shop.night()
    assert second.warnings == []
    assert second.beyond == (1, 0, 0)


def _change_mark(shop: NightShop, change: object) -> None:
    assert callable(change)
    with sqlite3.connect(shop.day.journal) as journal:
        ((name, text),) = journal.execute(
            "SELECT name, body FROM cascade_marks WHERE name LIKE 'reconcile %'"
        )
        body = json.dumps(change(json.loads(text)))
        journal.execute("UPDATE cascade_marks SET body = ? WHERE name = ?", (body, name))


def test_where_stripe_keeps_no_events_any_more_all_that_may_matter_is_read_whole(
    shop: NightShop,
) -> None:
    shop.begin()
    shop.sandboxed.pay(shop.day.clock() + timedelta(hours=2))
    night = shop.night(after_hours=31 * 24)
    assert night.hours == pytest.approx(33 * 24, abs=0.1)
    assert "Stripe no longer has all events since the last run" in night.warnings[0]
    assert night.data["coverage"]["covered_since"] == night.data["window"]["since"]
    again = shop.night()
    assert again.warnings == []
    assert again.hours == pytest.approx(25, abs=0.1)


def test_a_key_that_may_not_read_events_is_told_and_the_window_is_read_whole(
    shop: NightShop,
) -> None:
    shop.sell(shop.day.ago(days=5))
    shop.begin()
    night = shop.night(STRIPE_SECRET_KEY="rk_test_without_event")
    assert night.hours == pytest.approx(72, abs=0.1)
    assert "refunds and disputes of what was settled go unnoticed" in night.warnings[0]
    again = shop.night(STRIPE_SECRET_KEY="rk_test_without_event")
    assert again.hours == pytest.approx(72, abs=0.1)


def test_a_run_until_some_moment_looks_back_and_is_not_remembered(shop: NightShop) -> None:
    shop.sell(shop.day.ago(days=5))
    shop.begin()
    looked = shop.night("--until", "12h")
    assert looked.hours == pytest.approx(48 + 24 - 12, abs=0.1)
    assert shop.night(after_hours=1).hours == pytest.approx(26, abs=0.1)


def test_what_a_repair_began_is_followed_until_it_arrives(shop: NightShop) -> None:
    missing = shop.sandboxed.pay(shop.day.ago(days=20))
    shop.begin()
    repaired = shop.night("--repair", "--yes")
    assert repaired.data["repairs"][0]["result"] == "credited"
    assert (repaired.code, repaired.data["counts"]["in_flight"]) == (0, 1)
    assert shop.night(after_hours=1).data["counts"]["in_flight"] == 1
    shop.sandboxed.app.engine.run()
    night = shop.night(after_hours=1)
    assert night.data["counts"] == {**night.data["counts"], "settled": 1, "in_flight": 0}
    assert shop.night(after_hours=1).beyond == (0, 0, 0)
    assert missing["payment_intent"] not in night.kinds


def test_a_plan_remembers_nothing(shop: NightShop) -> None:
    shop.sandboxed.pay(shop.day.ago(days=2))
    shop.begin()
    assert shop.night("--repair", "--dry-run").data["repair_plan"]
    assert shop.night(after_hours=1).hours == pytest.approx(26, abs=0.1)
