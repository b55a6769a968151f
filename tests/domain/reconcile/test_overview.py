from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import sum_ducats
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.overview import (
    delivered_by_day,
    in_flight,
    is_unresolved,
    kind_counts,
    passed_over,
    today,
)
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, reconcile
from cascade_cli.domain.records.charges import Period, Portion
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import exactly
from tests.domain.generated import snapshots
from tests.domain.samples import NOW, PAID, TERMS, a_charge, a_stratagem, judge, keyed

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
BEGIN = MIDNIGHT - timedelta(days=13)
EXECUTED = st.builds(
    lambda at, ducats: a_stratagem(executed_at=at, ducats=ducats),
    st.datetimes((BEGIN - timedelta(days=2)).replace(tzinfo=None), NOW.replace(tzinfo=None)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
    st.sampled_from([Decimal("0.1"), Decimal("0.30000000000000004"), Decimal(999999999999)]),
)


@given(st.lists(EXECUTED, max_size=12))
def test_the_days_add_up_to_what_was_executed_since_the_first_midnight(
    rows: list[Stratagem],
) -> None:
    days = delivered_by_day(rows, NOW, 14)
    with exactly():
        lately = [row for row in rows if row.executed_at and row.executed_at >= BEGIN]
        assert sum(day.ducats for day in days) == sum_ducats(lately)
    assert [day.date for day in days] == [(BEGIN + timedelta(days=n)).date() for n in range(14)]


def test_a_row_whose_amount_nobody_can_read_delivers_nothing() -> None:
    rows = [a_stratagem(executed_at=NOW, ducats=None), a_stratagem(executed_at=None)]
    assert not any(day.ducats for day in delivered_by_day(rows, NOW, 14))


@given(snapshots())
def test_the_tallies_are_the_discrepancies_gravest_first(snapshot: Snapshot) -> None:
    result = reconcile(snapshot, TERMS)
    found = kind_counts(result)
    assert {t.kind: t.number for t in found} == {
        kind: number for kind, number in result.counts.items() if kind.is_discrepancy
    }
    assert [t.kind for t in found] == [kind for kind in Kind if kind in result.counts][: len(found)]


def test_the_oldest_payment_in_flight_gives_the_age() -> None:
    minutes = [2, 9, 5]
    charges = [
        a_charge(str(n), created_at=NOW - timedelta(minutes=n), ducats=Decimal(10)) for n in minutes
    ]
    found = in_flight(judge(charges))
    assert (found.payments, found.ducats) == (3, Decimal(30))
    assert found.oldest_at == NOW - timedelta(minutes=9)


def test_a_payment_for_many_is_one_payment_in_flight() -> None:
    young = NOW - timedelta(minutes=1)
    charges = [
        a_charge(
            id=f"ch_1.{number}",
            created_at=young,
            ducats=Decimal(10),
            portion=Portion(number, 2, Decimal(20), 100),
        )
        for number in (1, 2)
    ]
    found = in_flight(judge(charges))
    assert (found.payments, found.ducats) == (1, Decimal(20))


def test_nothing_in_flight_has_no_age() -> None:
    assert in_flight(judge([])).oldest_at is None


def _result() -> Reconciliation:
    settled, missing = a_charge("1"), a_charge("2")
    return judge([settled, missing], [keyed(settled)])


@pytest.mark.parametrize(
    ("payment", "unresolved"),
    [("pi_1", False), ("ch_1", False), ("pi_2", True), ("pi_unheard_of", True), (None, True)],
)
def test_a_payment_needs_nobody_once_it_is_settled(
    payment: str | None, *, unresolved: bool
) -> None:
    assert is_unresolved(payment, _result()) is unresolved


def test_a_settled_subscription_s_payment_needs_nobody_whichever_event_tells_of_it() -> None:
    period = Period(PAID, NOW, "in_1", "sub_1", 1000)
    charge = a_charge("1", period=period)
    settled = judge([charge], [keyed(charge)])
    assert not is_unresolved("in_1", settled)
    assert is_unresolved("in_1", judge([charge]))


def test_a_payment_that_was_not_judged_needs_nobody_where_that_says_that_it_is_settled() -> None:
    assert not is_unresolved("pi_remembered", _result(), unjudged=False)
    assert is_unresolved("pi_2", _result(), unjudged=False)


def test_the_day_s_limit_begins_anew_at_midnight_utc() -> None:
    found = today(Decimal("99.5"), Decimal(100), NOW)
    assert (found.left, found.resets_at) == (Decimal("0.5"), MIDNIGHT + timedelta(days=1))
    assert today(Decimal(120), Decimal(100), NOW).left == 0


def _live(hours: float) -> Stratagem:
    made = NOW - timedelta(hours=hours)
    return a_stratagem(status="active", created_at=made, expires_at=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("hours_old", "executed_hours_ago", "number"),
    [(26, None, 1), (26, 26, 1), (26, 1, 0), (24, None, 0)],
)
def test_an_engine_stands_still_that_leaves_old_rows_and_executes_none(
    hours_old: float, executed_hours_ago: float | None, number: int
) -> None:
    last = NOW - timedelta(hours=executed_hours_ago) if executed_hours_ago else None
    assert passed_over([_live(hours_old)], last, TERMS) == number
