from __future__ import annotations

from datetime import timedelta

from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.pending_lookups import (
    PendingLookups,
    earlier_window,
    keys_to_look_up,
    later_window,
)
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.times import Window
from tests.domain.samples import NOW, TERMS, WEEK, a_charge, a_snapshot, keyed, older

HOUR = timedelta(hours=1)


def questions(snapshot: Snapshot) -> PendingLookups:
    return PendingLookups(snapshot, TERMS, "PROCESSOR")


def earlier(*stratagems: Stratagem) -> Window | None:
    snapshot = a_snapshot([], stratagems)
    return earlier_window(match([], stratagems), snapshot)


def test_the_keys_of_charges_without_a_transfer_are_looked_up() -> None:
    paid, waiting = a_charge("paid"), a_charge("waiting", created_at=NOW - HOUR)
    snapshot = a_snapshot([paid, waiting], [keyed(paid)])
    matches = match(snapshot.charges, snapshot.stratagems)
    assert keys_to_look_up(matches, snapshot) == ["cascade_payment_pi_waiting"]


def test_the_citizens_of_what_has_not_arrived_are_looked_up() -> None:
    settled, missing = a_charge("1"), a_charge("2", citizen="polo")
    assert questions(a_snapshot([settled, missing], [keyed(settled)])).citizens == ["polo"]


def test_the_processor_is_looked_up_only_where_it_was_short() -> None:
    charge = a_charge()
    short = keyed(charge, status="failed", failure=Failure.NO_FUNDS)
    assert questions(a_snapshot([charge], [short])).citizens == ["PROCESSOR", "marco"]


def test_nobody_is_looked_up_for_a_charge_that_names_nobody() -> None:
    assert questions(a_snapshot([a_charge(citizen=None)])).citizens == []


def test_the_payments_of_unmatched_transfers_in_the_window_are_looked_up() -> None:
    before = keyed(a_charge("old"), created_at=WEEK.since - HOUR)
    within = keyed(a_charge("new"), stripe_ids=("ch_new",))
    assert questions(a_snapshot([], [before, within])).payments == ["ch_new", "pi_new"]


def test_the_disputes_of_disputed_charges_are_looked_up() -> None:
    snapshot = a_snapshot([a_charge("1", disputed=True), a_charge("2")])
    assert [charge.id for charge in questions(snapshot).disputed_charges] == ["ch_1"]


def test_nothing_is_asked_where_everything_is_settled() -> None:
    charge = a_charge()
    asked = questions(a_snapshot([charge], [keyed(charge)]))
    assert (asked.citizens, asked.payments, asked.disputed_charges) == ([], [], [])


def test_a_left_over_older_row_near_the_beginning_asks_for_the_three_days_before() -> None:
    row = older(created_at=WEEK.since + 71 * HOUR)
    assert earlier(row) == Window(WEEK.since - 72 * HOUR, WEEK.since)


def test_a_left_over_older_row_three_days_in_asks_for_nothing_earlier() -> None:
    assert earlier(older(created_at=WEEK.since + 72 * HOUR)) is None


def test_a_left_over_row_before_the_window_asks_for_nothing_earlier() -> None:
    assert earlier(older(created_at=WEEK.since - HOUR)) is None


def test_a_left_over_row_that_names_its_payment_asks_for_nothing_earlier() -> None:
    assert earlier(keyed(a_charge(), created_at=WEEK.since + HOUR)) is None


def test_an_older_row_taken_for_a_second_credit_asks_for_the_three_days_before_as_well() -> None:
    charge = a_charge(created_at=WEEK.since + HOUR)
    rows = [older(name, created_at=WEEK.since + 2 * HOUR) for name in "ab"]
    matches = match([charge], rows)
    assert earlier_window(matches, a_snapshot([charge], rows)) is not None


def later(charge: Charge, *stratagems: Stratagem) -> Window | None:
    snapshot = Snapshot(Window(WEEK.since, NOW - 10 * HOUR), (charge,), stratagems)
    return later_window(match([charge], stratagems), snapshot)


def test_older_rows_made_after_the_window_ask_for_the_payments_until_the_last_of_them() -> None:
    rows = [older(str(hours), created_at=NOW - hours * HOUR) for hours in (9, 5)]
    end = NOW - 5 * HOUR + timedelta(seconds=1)
    assert later(a_charge(), *rows) == Window(NOW - 10 * HOUR, end)


def test_rows_made_within_the_window_ask_for_no_later_payments() -> None:
    assert later(a_charge(), older(created_at=NOW - 11 * HOUR)) is None


def test_rows_that_name_their_payment_ask_for_no_later_payments() -> None:
    assert later(a_charge(), keyed(a_charge(), created_at=NOW - HOUR)) is None


def test_the_time_up_to_a_late_row_is_read_for_the_payment_that_it_may_belong_to() -> None:
    charge = a_charge(created_at=WEEK.since)
    late = older("late", created_at=WEEK.until + timedelta(days=3))
    snapshot = a_snapshot([charge], [late])
    found = later_window(match(snapshot.charges, snapshot.stratagems), snapshot)
    assert found == Window(WEEK.until, late.created_at + timedelta(seconds=1))
