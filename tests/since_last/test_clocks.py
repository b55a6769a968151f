"""Whatever this machine's clock says, what is covered is what the services' clocks say was read."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.since_last.shop import NightShop

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
    assert shop.night().hours == pytest.approx(25, abs=0.1)


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
