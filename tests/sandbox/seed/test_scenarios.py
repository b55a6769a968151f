"""What the scenarios promise: kinds, numbers, determinism, refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.seed.conftest import UNTIL, Seeded

KINDS = {
    "settled", "in_flight", "missing", "stalled", "failed", "doubtful", "amount_mismatch",
    "wrong_citizen", "duplicate", "underpaid", "unattributable", "unknown_citizen", "refunded",
    "disputed", "orphan",
}  # fmt: skip
Opening = Callable[..., Seeded]
TABLES = ("CITIZENS", "STRATAGEMS", "NOTIFICATIONS", "TRANSACTIONS")


def everything(seeded: Seeded) -> object:
    return [seeded.charges(), *(seeded.records(table) for table in TABLES)]


def test_a_week_has_at_least_three_of_every_kind(week: Seeded) -> None:
    assert set(week.report.kinds) == KINDS
    assert min(week.report.kinds.values()) >= 3


def test_most_of_a_week_is_settled(week: Seeded) -> None:
    assert week.report.kinds["settled"] > week.report.payments / 2


def test_every_payment_has_one_kind_and_orphans_have_none(week: Seeded) -> None:
    kinds = dict(week.report.kinds)
    kinds.pop("orphan")
    assert sum(kinds.values()) == week.report.payments == 200


def test_the_same_arguments_write_the_same_everything(week: Seeded, seeded: Opening) -> None:
    assert everything(seeded()) == everything(week)


def test_another_seed_writes_something_else(week: Seeded, seeded: Opening) -> None:
    assert everything(seeded(seed=8)) != everything(week)


def test_ids_made_after_seeding_do_not_follow_from_the_seed(seeded: Opening) -> None:
    def next_charge(one: Seeded) -> str:
        pay = one.app.stripe.account.pay
        return str(pay(amount=100, currency="usd", metadata={}, at=UNTIL)["id"])

    assert next_charge(seeded()) != next_charge(seeded())


def test_a_quiet_week_has_nothing_wrong(seeded: Opening) -> None:
    report = seeded(scenario="quiet", payments=60).report
    assert set(report.kinds) == {"settled", "in_flight"}
    assert sum(report.kinds.values()) == 60


def test_an_empty_one_has_the_citizens_and_the_processor(seeded: Opening) -> None:
    empty = seeded(scenario="empty")
    assert empty.report.kinds == {}
    assert empty.charges() == []
    assert empty.transfers() == []
    names = [record["fields"]["Username"] for record in empty.records("CITIZENS")]
    assert "CASCADE_PAYMENT_PROCESSOR" in names
    assert len(names) > 20


def test_a_large_one_has_the_kinds_in_proportion(week: Seeded, seeded: Opening) -> None:
    large = seeded(scenario="large", payments=400).report
    assert sum(large.kinds.values()) - large.kinds["orphan"] == 400
    troubles = KINDS - {"settled", "in_flight"}
    assert {kind: large.kinds[kind] for kind in troubles} == {
        kind: 2 * week.report.kinds[kind] for kind in troubles
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"payments": 30}, "needs at least .* payments"),
        ({"scenario": "large", "payments": 30}, "needs at least .* payments"),
        ({"scenario": "month"}, "no scenario 'month'"),
        ({"days": 1}, "at least 2 days"),
    ],
)
def test_what_cannot_be_told_is_refused(
    seeded: Opening, arguments: dict[str, object], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        seeded(**arguments)


RUNS_OF_THE_DAY = [
    (9, 59, 59),
    (10, 0, 0),
    (10, 0, 1),
    (10, 2, 0),
    (10, 4, 0),
    (18, 0, 30),
    (2, 0, 0),
    (2, 3, 0),
    (2, 30, 0),
    (3, 0, 0),
]


@pytest.mark.parametrize("time", RUNS_OF_THE_DAY)
def test_at_any_hour_something_is_in_flight_and_nothing_lies_in_the_future(
    seeded: Opening, time: tuple[int, int, int]
) -> None:
    until = datetime(2026, 11, 22, *time, tzinfo=UTC)
    one = seeded(until)
    assert one.report.kinds["in_flight"] >= 3
    assert max(charge["created"] for charge in one.charges()) <= until.timestamp()
    moments = [
        row[field]
        for row in one.transfers()
        for field in ("UpdatedAt", "ExecutedAt")
        if field in row
    ]
    assert max(datetime.fromisoformat(moment) for moment in moments) <= until


def test_a_week_across_the_change_of_clocks_can_be_told(seeded: Opening) -> None:
    one = seeded(datetime(2026, 10, 27, 10, 30, tzinfo=UTC))
    lines = [row["Notes"] for row in one.transfers() if row["Status"] == "executed"]
    assert any("[2026-10-24 11:0" in line for line in lines)
    assert any("[2026-10-26 11:0" in line for line in lines)


def test_payments_begin_hours_after_the_window_but_one_settled_across_it(week: Seeded) -> None:
    since = week.report.since.timestamp()
    created = sorted(charge["created"] for charge in week.charges())
    assert created[0] < since
    assert created[1] >= since + timedelta(hours=3).total_seconds()


def test_a_guarded_week_has_what_no_machine_may_deliver(seeded: Opening) -> None:
    report = seeded(scenario="guarded", payments=20).report
    kinds = {kind: report.kinds[kind] for kind in ("underpaid", "unattributable", "failed")}
    assert kinds == {"underpaid": 6, "unattributable": 2, "failed": 2}
