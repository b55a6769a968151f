"""Whatever this machine's clock says, what is covered is what the services' clocks say was read."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cli.reconcile.since_last.shop import NightShop

WRONG = [
    timedelta(hours=2, minutes=30),
    timedelta(days=1),
    timedelta(days=40),
    -timedelta(hours=2, minutes=30),
    -timedelta(days=1),
    -timedelta(days=40),
]
WAYS = pytest.mark.parametrize("ahead", WRONG, ids=str)


@WAYS
def test_a_night_with_a_wrong_clock_hides_no_payment_of_any_later_time(
    shop: NightShop, ahead: timedelta
) -> None:
    shop.sell(shop.day.ago(days=5))
    shop.begin()
    shop.day.ahead = ahead
    shop.night()
    shop.day.ahead = timedelta(0)
    soon = shop.sandboxed.pay(shop.day.clock() + timedelta(minutes=50))
    later = shop.sandboxed.pay(shop.day.clock() + timedelta(hours=20))
    night = shop.night()
    intents = (soon["payment_intent"], later["payment_intent"])
    assert (night.code, night.kinds) == (3, dict.fromkeys(intents, "missing"))
    assert night.warnings == []


@WAYS
def test_a_night_with_a_wrong_clock_finds_what_any_other_finds(
    shop: NightShop, ahead: timedelta
) -> None:
    shop.begin()
    missing = shop.sandboxed.pay(shop.day.clock() + timedelta(hours=20))
    young = shop.sandboxed.pay(shop.day.clock() + timedelta(hours=23, minutes=55))
    shop.day.ahead = ahead
    night = shop.night()
    assert night.hours == pytest.approx(25, abs=0.1)
    assert datetime.fromisoformat(night.data["window"]["until"]) == shop.day.clock()
    assert night.kinds == {missing["payment_intent"]: "missing"}
    assert night.data["counts"]["in_flight"] == 1, young
    assert "clock is" in night.warnings[0]


@WAYS
def test_all_nights_with_a_wrong_clock_hide_nothing(shop: NightShop, ahead: timedelta) -> None:
    shop.begin()
    shop.day.ahead = ahead
    sold = [shop.sandboxed.pay(shop.day.clock() + timedelta(hours=6 * n)) for n in range(12)]
    nights = [shop.night() for _ in range(3)]
    assert set(nights[-1].kinds) == {charge["payment_intent"] for charge in sold}


@WAYS
def test_the_first_run_with_a_wrong_clock_reads_its_seven_days(
    shop: NightShop, ahead: timedelta
) -> None:
    missing = shop.sandboxed.pay(shop.day.ago(days=6, hours=23))
    shop.day.ahead = ahead
    night = shop.night(after_hours=0)
    assert night.hours == pytest.approx(7 * 24, abs=0.1)
    assert list(night.kinds) == [missing["payment_intent"]]
    shop.day.ahead = timedelta(0)
    # Whose clock was behind nobody knows: what may not have been read yet is read again.
    behind = max(-ahead / timedelta(hours=1), 0)
    expected = 25 + behind if behind < 7 * 24 else 7 * 24
    assert shop.night().hours == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("ahead", [timedelta(hours=2, minutes=30), timedelta(days=1)], ids=str)
def test_nights_whose_answers_a_proxy_dates_ahead_hide_nothing(
    shop: NightShop, ahead: timedelta
) -> None:
    shop.begin()
    # Of all clocks only ours is right: those that tell their time are ahead.
    shop.day.ahead = -ahead
    shop.day.clock.advance(hours=24)
    real_now = shop.day.clock() - ahead
    shop.night(after_hours=0)
    sold = shop.sandboxed.pay(real_now + timedelta(minutes=30))
    shop.day.ahead = timedelta(0)
    night = shop.night(after_hours=1)
    assert list(night.kinds) == [sold["payment_intent"]]


def test_a_night_that_a_proxy_dates_days_ahead_moves_no_mark_back(shop: NightShop) -> None:
    shop.begin()
    kept = _mark(shop)["until"]
    shop.day.ahead = -timedelta(days=40)
    shop.night()
    assert _mark(shop)["until"] == kept


def _mark(shop: NightShop) -> dict[str, Any]:
    with sqlite3.connect(shop.day.journal) as journal:
        ((text,),) = journal.execute("SELECT body FROM cascade_marks WHERE name LIKE 'reconcile %'")
    mark: dict[str, Any] = json.loads(text)
    return mark


def _write(shop: NightShop, mark: dict[str, Any]) -> None:
    with sqlite3.connect(shop.day.journal) as journal:
        journal.execute(
            "UPDATE cascade_marks SET body = ? WHERE name LIKE 'reconcile %'", (json.dumps(mark),)
        )


def test_a_mark_later_than_now_is_told_and_read_again_from_the_last_good_one(
    shop: NightShop,
) -> None:
    shop.begin()
    good = shop.night().data["window"]["until"]
    hidden = shop.sandboxed.pay(shop.day.clock() + timedelta(hours=3))
    shop.day.clock.advance(hours=24)
    ahead = shop.day.clock() + timedelta(hours=30)
    _write(shop, _mark(shop) | {"until": ahead.isoformat()})
    night = shop.night(after_hours=1)
    assert list(night.kinds) == [hidden["payment_intent"]]
    since = datetime.fromisoformat(night.data["window"]["since"])
    assert since == datetime.fromisoformat(good) - timedelta(hours=1)
    assert "is later than now" in night.warnings[0]
    assert shop.night().warnings == []


def test_of_an_older_version_s_mark_later_than_now_all_is_covered_again(shop: NightShop) -> None:
    shop.begin("10d")
    begun = _mark(shop)["covered_since"]
    hidden = shop.sandboxed.pay(shop.day.clock() + timedelta(hours=3))
    shop.day.clock.advance(hours=24)
    mark = {name: body for name, body in _mark(shop).items() if name != "ends"}
    ahead = shop.day.clock() + timedelta(hours=30)
    _write(shop, mark | {"until": ahead.isoformat()})
    night = shop.night(after_hours=1)
    assert list(night.kinds) == [hidden["payment_intent"]]
    since = datetime.fromisoformat(night.data["window"]["since"])
    assert since <= datetime.fromisoformat(begun)
    assert "is later than now" in night.warnings[0]
    assert shop.night().warnings == []


@WAYS
def test_a_wrong_clock_costs_no_more_than_the_first_answers(
    shop: NightShop, ahead: timedelta
) -> None:
    shop.begin()
    stripe, airtable = shop.night().requests
    shop.day.ahead = ahead
    # With a clock that is 40 days ahead, what events would tell is looked for in both listings.
    more = 1 if ahead > timedelta(days=30) else 0
    assert shop.night().requests == (stripe + 1, airtable + more)


@WAYS
def test_a_credit_lives_as_long_by_the_services_clock(shop: NightShop, ahead: timedelta) -> None:
    shop.day.ahead = ahead
    words = ("credit", "marco", "10", "--reason", "x", "--reference", "r", "--yes", "--json")
    ended = shop.day.cascade(*words)
    (row,) = shop.day.stratagems()
    lives = datetime.fromisoformat(row["ExpiresAt"]) - shop.day.clock()
    assert lives / timedelta(hours=1) == pytest.approx(72, abs=0.1)
    assert "clock is" in json.loads(ended.out)["warnings"][0]


@pytest.mark.parametrize(
    ("ahead", "expires_in", "kind"),
    [(timedelta(days=1), 60, "in_flight"), (timedelta(days=-1), -60, "stalled")],
)
def test_what_has_expired_is_told_by_the_services_clock(
    shop: NightShop, ahead: timedelta, expires_in: float, kind: str
) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(hours=2))
    expires_at = shop.day.clock() + timedelta(minutes=expires_in)
    fields = {"Status": "active", "ExpiresAt": expires_at.isoformat()}
    shop.credit(charge, shop.day.ago(hours=2), **fields)
    shop.day.ahead = ahead
    for command in ("reconcile", "status"):
        data = shop.day.cascade(command, "--since", "1d", "--json").data
        counts = data.get("counts") or {
            **data["discrepancies"]["counts"],
            "in_flight": data["in_flight"]["payments"],
        }
        assert counts[kind] == 1, command
    told = shop.day.cascade("explain", charge["payment_intent"], "--json").data
    assert told["verdict"]["kind"] == kind


def test_a_credit_by_hand_is_known_as_a_repetition_whatever_the_first_clock_said(
    shop: NightShop,
) -> None:
    words = ("credit", "marco", "10", "--reason", "x", "--yes", "--json")
    shop.day.ahead = -timedelta(days=2)
    assert shop.day.cascade(*words).code == 0
    shop.day.ahead = timedelta(0)
    assert shop.day.cascade(*words).code == 7
    assert len(shop.day.stratagems()) == 1


def test_events_of_the_last_day_are_listed_by_a_clock_that_is_behind(shop: NightShop) -> None:
    shop.sandboxed.pay(shop.day.ago(hours=1))
    shop.day.ahead = -timedelta(days=3)
    assert shop.day.cascade("events", "list", "--since", "1d", "--json").data["events"]


def test_a_repair_with_a_wrong_clock_delivers_and_is_remembered(shop: NightShop) -> None:
    shop.begin()
    missing = shop.sandboxed.pay(shop.day.clock() + timedelta(hours=2))
    shop.day.ahead = timedelta(days=1)
    night = shop.night("--repair", "--yes")
    assert night.data["repairs"][0]["result"] == "credited", missing
    shop.day.ahead = timedelta(0)
    again = shop.night(after_hours=1)
    assert again.warnings == []
    assert (again.kinds, again.data["counts"]["in_flight"]) == ({}, 1)


def test_a_wrong_clock_is_told_on_stderr(shop: NightShop) -> None:
    shop.day.ahead = timedelta(hours=3)
    ended = shop.day.cascade("reconcile", "--since", "7d")
    assert "warning: this machine's clock is" in ended.err
    assert "3h ahead of Airtable's and Stripe's" in ended.err
    shop.day.ahead = timedelta(0)
    assert "clock" not in shop.day.cascade("reconcile", "--since", "7d").err
