"""The requests of a run grow with what is new, and not with the history: counted, not timed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.reconcile.since_last.shop import NightShop


def test_two_runs_in_a_row_with_nothing_new_take_three_requests(shop: NightShop) -> None:
    shop.history(120, days=50)
    shop.begin()
    assert [shop.night(after_hours=2).requests for _ in range(2)] == [(2, 1), (2, 1)]


@pytest.mark.parametrize("settled", [600, 1200])
def test_sixty_new_payments_take_as_many_requests_whatever_was_settled_before(
    shop: NightShop, settled: int
) -> None:
    shop.history(settled, days=50)
    assert shop.begin().data["counts"]["settled"] == settled
    day = shop.day
    with shop.sandboxed.app.store.write():
        for number in range(60):
            shop.sell(day.clock() + timedelta(minutes=20 * number))
    night = shop.night()
    assert (night.data["counts"]["settled"], night.requests) == (60, (2, 1))


def test_each_open_payment_of_old_takes_one_request_and_all_their_rows_one(
    shop: NightShop,
) -> None:
    shop.history(120, days=50)
    for days in (10, 20, 30):
        stalled = shop.sandboxed.pay(shop.day.ago(days=days))
        shop.credit(stalled, shop.day.ago(days=days), Status="active")
    shop.begin()
    night = shop.night()
    # Besides: the citizens of what has not arrived, looked up at once.
    assert (len(night.kinds), night.beyond, night.requests) == (3, (3, 0, 0), (2 + 3, 1 + 1 + 1))
