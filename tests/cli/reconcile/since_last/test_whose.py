"""What a run since the last one knows of late legacy rows, and of rows that others pay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.reconcile.since_last.shop import Night, NightShop

OTHER: dict[str, Any] = {"ExecutedBy": "OLD_PROCESSOR"}


def may_be_repaired(night: Night) -> list[bool]:
    return [i["repair"]["automatic"] for i in night.data["items"] if i["kind"] == "missing"]


@pytest.mark.parametrize("fields", [{}, OTHER])
def test_a_late_row_is_remembered_night_after_night(
    shop: NightShop, fields: dict[str, Any]
) -> None:
    shop.sandboxed.pay(shop.day.ago(days=6))
    shop.older(shop.day.ago(days=2), **fields)
    shop.begin()
    for _ in range(3):
        assert may_be_repaired(shop.night()) == [False]


def test_a_late_row_of_today_is_noticed_beside_a_payment_of_last_week(shop: NightShop) -> None:
    shop.sandboxed.pay(shop.day.ago(days=6))
    shop.begin()
    assert may_be_repaired(shop.night()) == [True]
    shop.older(shop.day.clock())
    assert may_be_repaired(shop.night()) == [False]
    assert may_be_repaired(shop.night()) == [False]


def test_a_second_transfer_by_another_processor_is_a_duplicate_however_old_the_payment(
    shop: NightShop,
) -> None:
    old = shop.sell(shop.day.ago(days=50))
    shop.begin()
    shop.credit(old, **OTHER)
    assert shop.night().kinds == {old["payment_intent"]: "duplicate"}
    assert shop.night().kinds == {old["payment_intent"]: "duplicate"}
