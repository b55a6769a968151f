from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.cli.reconcile.report.charts import MOST_ROWS, Days, Delays, days_of
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.times import Window
from tests.domain.samples import NOW, WEEK, a_charge, judge, keyed

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


Pair = tuple[Charge, Stratagem | None]


def delivered(name: str, at: datetime, took: timedelta | None, **changed: str) -> Pair:
    charge = a_charge(name, created_at=at)
    executed = at + took if took is not None else None
    return charge, keyed(charge, created_at=at, executed_at=executed, **changed)


def days(*pairs: Pair, window: Window = WEEK) -> Days:
    stratagems = [stratagem for _, stratagem in pairs if stratagem]
    return days_of(window, judge([charge for charge, _ in pairs], stratagems).items)


def on_monday(*pairs: Pair) -> Delays:
    (row,) = [row for row in days(*pairs).delays if row.label == "Mon 16 Nov"]
    return row


def test_a_charge_counts_on_the_day_in_utc_on_which_it_was_paid() -> None:
    late = datetime(2026, 11, 16, 23, 59, tzinfo=UTC)
    found = days((a_charge("1", created_at=late), None), (a_charge("2", created_at=MONDAY), None))
    assert [row.paid for row in found.payments] == [0, 0, 0, 2, 0, 0, 0, 0]
    assert found.payments[3].label == "Mon 16 Nov"


def test_each_paid_charge_is_settled_in_flight_or_open() -> None:
    young = a_charge("young", created_at=NOW - timedelta(minutes=5))
    missing = a_charge("missing", created_at=NOW - timedelta(hours=4))
    well = delivered("well", NOW - timedelta(hours=3), timedelta(hours=1))
    row = days((young, None), (missing, None), well).payments[-1]
    assert (row.paid, row.settled, row.in_flight, row.open) == (3, 1, 1, 1)


def test_the_day_with_most_payments_fills_its_bar_and_the_others_are_in_proportion() -> None:
    two = [(a_charge(str(n), created_at=MONDAY), None) for n in range(2)]
    one = (a_charge("3", created_at=MONDAY + timedelta(days=1)), None)
    found = days(*two, one)
    assert [sum(row.lengths) for row in found.payments] == [0, 0, 0, 100, 50, 0, 0, 0]


def test_the_median_and_the_slowest_delivery_are_told_for_each_day() -> None:
    took = [timedelta(hours=hours) for hours in (1, 2, 10)]
    pairs = [delivered(str(n), MONDAY, span) for n, span in enumerate(took)]
    row = on_monday(*pairs)
    assert (row.median, row.slowest, row.delivered) == ("2h", "10h", 3)
    assert (row.median_at, row.slowest_at) == (20, 100)


def test_of_an_even_number_the_median_lies_between_the_two_in_the_middle() -> None:
    pairs = [delivered(str(n), MONDAY, timedelta(hours=n)) for n in (1, 3)]
    row = on_monday(*pairs)
    assert row.median == "2h"


@pytest.mark.parametrize(
    ("took", "changed"),
    [
        (None, {}),
        (timedelta(hours=1), {"citizen": "lucia"}),
        (timedelta(hours=-1), {}),
    ],
    ids=["without a time", "to somebody else", "before it was paid"],
)
def test_what_is_no_delivery_with_a_time_is_not_counted_as_one(
    took: timedelta | None, changed: dict[str, str]
) -> None:
    row = on_monday(delivered("1", MONDAY, took, **changed))
    assert (row.delivered, row.paid, row.median) == (0, 1, "–")


@pytest.mark.parametrize("length", [8, 31, 32, 365, 5000, 700_000])
def test_a_window_of_any_length_has_a_page_s_number_of_rows(length: int) -> None:
    window = Window(NOW - timedelta(days=length), NOW)
    found = days((a_charge(created_at=NOW - timedelta(hours=1)), None), window=window)
    assert len(found.payments) == len(found.delays) <= MOST_ROWS + 1
    assert found.payments[-1].paid == 1
