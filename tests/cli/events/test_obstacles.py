"""A payment that a replay may not credit is a row with its reason, and holds up no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.events.test_replay import key_of, results
from tests.harness.shop_day import ShopDay

Charge = dict[str, Any]
Story = Callable[[ShopDay], Charge]


def _refunded(day: ShopDay) -> Charge:
    charge = day.sandboxed.pay(day.ago(hours=5))
    day.sandboxed.app.stripe.account.refund(charge["id"], at=day.ago(hours=4), amount=300)
    return charge


def _disputed(day: ShopDay) -> Charge:
    charge = day.sandboxed.pay(day.ago(hours=5))
    day.sandboxed.app.stripe.account.dispute(charge["id"], at=day.ago(hours=4))
    return charge


def _cancelled(day: ShopDay) -> Charge:
    charge = day.sandboxed.pay(day.ago(hours=5))
    day.sandboxed.transfer(key_of(charge), day.ago(hours=4), Status="cancelled")
    return charge


def _doubtful(day: ShopDay) -> Charge:
    charge = day.sandboxed.pay(day.ago(hours=5))
    notes = '{"amount": 100.0, "reason": "x"}\n[ERROR] Processing error: 503'
    day.sandboxed.transfer(key_of(charge), day.ago(hours=4), Status="failed", Notes=notes)
    return charge


STORIES: dict[str, tuple[Story, int]] = {
    "refunded": (_refunded, 3),
    "disputed": (_disputed, 3),
    "cancelled": (_cancelled, 3),
    "underpaid": (lambda day: day.sandboxed.pay(day.ago(hours=5), cents=500), 3),
    "unknown_citizen": (lambda day: day.sandboxed.pay(day.ago(hours=5), citizen="Marco"), 3),
    "unattributable": (lambda day: day.sandboxed.pay(day.ago(hours=5), ducats="many"), 3),
    "over_limit": (
        lambda day: day.sandboxed.pay(day.ago(hours=5), ducats="20000", cents=200_000),
        7,
    ),
    "blocked": (_doubtful, 7),
}


@pytest.mark.parametrize("obstacle", STORIES)
def test_an_obstacle_holds_up_its_own_payment_only(day: ShopDay, obstacle: str) -> None:
    day.open("marco")
    story, code = STORIES[obstacle]
    bad = story(day)
    good = day.sandboxed.pay(day.ago(hours=1))
    ended = day.cascade("events", "replay", "--since", "1d", "--yes", "--json")
    assert results(ended.data) == {
        bad["payment_intent"]: obstacle,
        good["payment_intent"]: "credited",
    }
    assert ended.code == code
    assert list(day.active()) == [key_of(good)]


def test_the_reason_and_the_next_command_are_shown(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5), citizen="mar\x1b[31mco")
    ended = day.cascade("events", "replay", "--since", "1d", "--yes")
    assert "Venice has no citizen" in ended.out
    assert f"$ cascade explain {charge['payment_intent']}" in ended.out
    assert "\x1b" not in ended.out


def test_what_was_delivered_before_raises_no_objection(day: ShopDay) -> None:
    day.open("marco")
    charge = _refunded(day)
    day.sandboxed.transfer(key_of(charge), day.ago(hours=4))
    ended = day.cascade("events", "replay", "--since", "1d", "--yes", "--json")
    assert (ended.code, results(ended.data)) == (0, {charge["payment_intent"]: "already"})


def test_a_payment_of_another_account_is_told_apart_from_another_product(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    raw = day.events("payment_intent.succeeded")[0].raw
    intent = day.events("payment_intent.succeeded")[0].payment_id or ""
    file = day.save("theirs.json", raw.replace(intent.encode(), b"pi_3OfAnotherAccount"))
    ended = day.cascade("events", "replay", "--file", file, "--yes", "--json")
    assert (ended.code, results(ended.data)) == (3, {"pi_3OfAnotherAccount": "unknown_payment"})


def test_an_event_of_the_other_mode_is_refused_before_anything_is_read(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    raw = day.events("payment_intent.succeeded")[0].raw
    file = day.save("live.json", raw.replace(b'"livemode":false', b'"livemode":true'))
    day.sandboxed.recorder.requests.clear()
    ended = day.cascade("events", "replay", "--file", file, "--yes")
    assert (ended.code, day.sandboxed.recorder.to("stripe"), day.stratagems()) == (7, [], [])
    assert "live mode" in ended.err
