"""What a run since the last one notices, although it lies far outside the window."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.reconcile.since_last.shop import NightShop

HOUR = timedelta(hours=1)


def test_a_payment_captured_after_the_last_run_is_missing(shop: NightShop) -> None:
    account, day = shop.sandboxed.app.stripe.account, shop.day
    paid = shop.sandboxed.pay(day.ago(days=3))
    metadata = paid["metadata"]
    authorised = account.pay(
        amount=1000, currency="usd", metadata=metadata, at=day.ago(days=3), capture=False
    )
    shop.credit(paid)
    assert shop.begin().code == 0
    assert shop.night().kinds == {}
    day.clock.advance(hours=10)
    account.capture(authorised["payment_intent"], at=day.clock())
    night = shop.night()
    assert night.kinds == {authorised["payment_intent"]: "missing"}
    assert night.beyond == (1, 0, 0)


def test_a_capture_that_stripe_tells_of_is_noticed_however_old_the_payment(
    shop: NightShop,
) -> None:
    account, day = shop.sandboxed.app.stripe.account, shop.day
    metadata = shop.sell()["metadata"]
    authorised = account.pay(
        amount=1000, currency="usd", metadata=metadata, at=day.ago(days=20), capture=False
    )
    shop.begin("8d")
    account.capture(authorised["payment_intent"], at=day.clock())
    night = shop.night()
    assert (night.kinds, night.beyond) == (
        {authorised["payment_intent"]: "missing"},
        (0, 1, 0),
    )


def test_a_refund_of_a_payment_settled_long_ago_is_noticed_and_followed(shop: NightShop) -> None:
    old = shop.sell(shop.day.ago(days=50))
    shop.begin()
    assert shop.night().code == 0
    shop.sandboxed.app.stripe.account.refund(old["id"], at=shop.day.clock() + HOUR, amount=300)
    first, second = shop.night(), shop.night()
    assert first.kinds == second.kinds == {old["payment_intent"]: "refunded"}
    assert (first.beyond, second.beyond) == ((0, 1, 0), (1, 0, 0))
    assert first.data["since_last"]["new"] == [old["payment_intent"]]
    assert second.data["since_last"]["still_open"] == [old["payment_intent"]]


def test_a_dispute_of_a_payment_settled_long_ago_is_followed_until_it_is_won(
    shop: NightShop,
) -> None:
    account = shop.sandboxed.app.stripe.account
    old = shop.sell(shop.day.ago(days=50))
    shop.begin()
    dispute = account.dispute(old["id"], at=shop.day.clock() + HOUR)
    assert shop.night().kinds == {old["payment_intent"]: "disputed"}
    assert shop.night().kinds == {old["payment_intent"]: "disputed"}
    account.close_dispute(dispute["id"], at=shop.day.clock() + HOUR, won=True)
    solved = shop.night()
    assert solved.data["since_last"]["solved"] == [old["payment_intent"]]
    assert shop.night().beyond == (0, 0, 0)


@pytest.mark.parametrize("note", ["key", "notes"])
def test_a_second_transfer_for_a_payment_settled_long_ago_is_a_duplicate(
    shop: NightShop, note: str
) -> None:
    old = shop.sell(shop.day.ago(days=50))
    shop.begin()
    shop.day.clock.advance(hours=3)
    if note == "key":
        shop.credit(old)
    else:
        notes = f'{{"amount": 100.0, "payment_intent": "{old["payment_intent"]}"}}'
        shop.credit(old, StratagemId="by_somebody", Notes=notes)
    night = shop.night()
    assert (night.kinds, night.beyond) == ({old["payment_intent"]: "duplicate"}, (0, 0, 1))
    assert night.data["ducats"]["over_delivered"] == "100"
    assert night.data["ducats"]["residual"] == "0"
    assert shop.night().kinds == {old["payment_intent"]: "duplicate"}


def test_a_second_transfer_of_the_older_connector_is_a_duplicate_across_the_seam(
    shop: NightShop,
) -> None:
    old = shop.sandboxed.pay(shop.day.ago(hours=20))
    shop.older(shop.day.ago(hours=20))
    assert shop.begin().code == 0
    shop.day.clock.advance(hours=10)
    shop.older()
    assert shop.night().kinds == {old["payment_intent"]: "duplicate"}


def test_a_late_transfer_of_the_older_connector_settles_what_was_missing(shop: NightShop) -> None:
    late, settled = (shop.sandboxed.pay(shop.day.ago(hours=hours)) for hours in (20, 30))
    shop.older(shop.day.ago(hours=30))
    assert shop.begin().code == 3
    shop.day.clock.advance(hours=10)
    shop.older()
    night = shop.night()
    assert night.code == 0
    assert night.data["since_last"]["solved"] == [late["payment_intent"]]
    assert settled["payment_intent"] not in night.kinds


def test_an_open_payment_is_not_lent_the_transfer_of_a_settled_one(shop: NightShop) -> None:
    """Same citizen and amount, and the settled one's charge is too old to be read for its row."""
    settled = shop.day.ago(hours=90)
    missing = shop.sandboxed.pay(settled - 20 * HOUR)
    shop.sandboxed.pay(settled)
    shop.older(settled + 30 * HOUR)
    assert missing["payment_intent"] in _kinds_of(shop.begin().data)
    shop.day.clock.advance(hours=6)
    # Nobody's: to know that, the three days before are read, and with them the settled one's row.
    shop.older(citizen="polo")
    assert sorted(shop.night(after_hours=1).kinds.values()) == ["missing", "orphan"]


def _kinds_of(data: dict[str, object]) -> set[object]:
    items = data["items"]
    assert isinstance(items, list)
    return {item["payment_intent"] for item in items}


def test_what_is_solved_is_told_once_and_not_asked_for_again(shop: NightShop) -> None:
    missing = shop.sandboxed.pay(shop.day.ago(days=40))
    shop.begin()
    assert shop.night().kinds == {missing["payment_intent"]: "missing"}
    shop.day.clock.advance(hours=1)
    shop.credit(missing)
    solved = shop.night()
    assert solved.data["since_last"]["solved"] == [missing["payment_intent"]]
    assert (solved.code, solved.beyond, shop.night().beyond) == (0, (1, 0, 0), (0, 0, 0))


def test_a_row_executed_by_its_id_long_after_its_expiry_settles_its_payment(
    shop: NightShop,
) -> None:
    stalled = shop.sandboxed.pay(shop.day.ago(days=40))
    row = shop.credit(stalled, shop.day.ago(days=40), Status="active")
    shop.begin()
    assert shop.night().kinds == {stalled["payment_intent"]: "stalled"}
    shop.change(row, Status="executed", ExecutedAt=shop.day.clock().isoformat())
    assert shop.night().data["since_last"]["solved"] == [stalled["payment_intent"]]


def test_a_dead_row_of_a_settled_payment_makes_a_duplicate_when_it_is_executed(
    shop: NightShop,
) -> None:
    settled = shop.sell(shop.day.ago(days=40))
    row = shop.older(shop.day.ago(days=40), Status="active")
    assert shop.begin().code == 0
    quiet = [shop.night(), shop.night()]
    assert [(n.kinds, n.requests) for n in quiet] == [({}, (2, 2))] * 2
    shop.change(row, Status="executed", ExecutedAt=shop.day.clock().isoformat())
    assert shop.night().kinds == {settled["payment_intent"]: "duplicate"}


def test_a_credit_by_hand_that_was_under_way_is_followed_until_it_stalls(shop: NightShop) -> None:
    expires = (shop.day.clock() + timedelta(hours=72)).isoformat()
    notes = '{"amount": 100.0, "reason": "prize"}'
    shop.sell()
    shop.sandboxed.transfer(
        "cascade_manual_1", shop.day.ago(hours=5), Status="active", ExpiresAt=expires, Notes=notes
    )
    assert shop.begin().code == 0
    assert [shop.night().kinds for _ in range(4)] == [
        {},
        {},
        {"cascade_manual_1": "stalled"},
        {"cascade_manual_1": "stalled"},
    ]


def test_an_orphan_that_stays_open_for_months_does_not_widen_the_window(shop: NightShop) -> None:
    shop.sandboxed.transfer("cascade_payment_pi_Unknown", shop.day.ago(days=40))
    shop.sell()
    assert shop.begin().code == 3
    for _ in range(3):
        night = shop.night(after_hours=20 * 24)
        assert night.kinds == {"cascade_payment_pi_Unknown": "orphan"}
        assert night.hours == pytest.approx(20 * 24 + 1, abs=0.1)
        assert night.beyond == (1, 0, 0)
        assert night.data["ducats"]["orphaned"] == "100"
        # The listings, events, the orphan's row, and whether Stripe knows its payment by now.
        assert night.requests == (3, 2)


def test_many_young_payments_are_listed_and_an_old_one_is_asked_for(shop: NightShop) -> None:
    old = shop.sandboxed.pay(shop.day.ago(days=40))
    for minutes in range(30):
        shop.sandboxed.pay(shop.day.ago(hours=3, minutes=minutes))
    shop.begin()
    night = shop.night()
    assert len(night.kinds) == 31
    assert old["payment_intent"] in night.kinds
    assert night.beyond == (1, 0, 0)
    assert night.hours == pytest.approx(24 + 3.5, abs=0.1)
