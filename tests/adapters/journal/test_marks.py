"""Each base's mode, marks, and entries as they are read back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.errors import GuardError
from tests.adapters.journal.shared_journal import BRUNO, SharedJournal, deliver


def test_a_base_belongs_to_the_mode_of_its_first_write(shared: SharedJournal) -> None:
    assert shared.journal().mode_of("appVenice") is None
    shared.journal().bind_mode("appVenice", livemode=True)
    shared.clock.advance(days=3)
    shared.journal(BRUNO).bind_mode("appVenice", livemode=True)
    with pytest.raises(GuardError, match="live-mode payments since 2026-11-20 14:00 UTC"):
        shared.journal(BRUNO).bind_mode("appVenice", livemode=False)
    assert shared.journal().mode_of("appVenice") is True


def test_a_base_of_test_payments_refuses_live_ones(shared: SharedJournal) -> None:
    shared.journal().bind_mode("appVenice", livemode=False)
    with pytest.raises(GuardError, match="test-mode payments since"):
        shared.journal().bind_mode("appVenice", livemode=True)
    shared.journal().bind_mode("appOther", livemode=True)


def test_binding_a_base_is_on_record_once(shared: SharedJournal) -> None:
    journal = shared.journal()
    journal.bind_mode("appVenice", livemode=False)
    journal.bind_mode("appVenice", livemode=False)
    (entry,) = journal.entries()
    assert entry.body == {"base": "appVenice", "livemode": False}


def test_a_mark_is_replaced_by_the_next_of_its_name(shared: SharedJournal) -> None:
    journal = shared.journal()
    assert journal.mark("reconcile") is None
    journal.set_mark("reconcile", {"until": "2026-11-20", "ducats": Decimal("1.50")})
    journal.set_mark("reconcile", {"until": "2026-11-21", "ducats": Decimal("2.50")})
    assert shared.journal(BRUNO).mark("reconcile") == {"until": "2026-11-21", "ducats": "2.5"}


def test_what_was_decided_about_several_refunds_is_kept_whole_or_not_at_all(
    shared: SharedJournal,
) -> None:
    journal, debt = shared.journal(), {"debt": "6"}
    nothing: Any = None
    with pytest.raises(AttributeError):
        journal.keep_refunds({"re_1.1": debt, "re_1.2": nothing})
    assert (journal.refunds(), list(journal.entries())) == ({}, [])
    journal.keep_refunds({"re_1.1": debt, "re_1.2": debt})
    assert journal.refunds() == {"re_1.1": debt, "re_1.2": debt}
    keys = [entry.key for entry in journal.entries()]
    assert keys == ["cascade_refund_re_1.1", "cascade_refund_re_1.2"]


def test_an_allocation_is_found_by_its_digest_and_on_record_once(shared: SharedJournal) -> None:
    body = {"citizens": 2, "ducats": "30.5", "text": "10=marco;20.5=lucia"}
    for journal in (shared.journal(), shared.journal(BRUNO)):
        journal.keep_allocation("d1", body)
    assert shared.journal().allocation("d1") == body
    assert shared.journal().allocation("d2") is None
    (entry,) = shared.journal().entries()
    assert entry.body == {"allocation": {"digest": "d1", **body}}


def test_entries_are_filtered_by_key_and_by_half_open_time(shared: SharedJournal) -> None:
    journal, start = shared.journal(), shared.clock.moment
    deliver(journal, ["a"])
    shared.clock.advance(hours=1)
    deliver(journal, ["b"])
    assert {entry.key for entry in journal.entries(key="a")} == {"a"}
    later = start + timedelta(hours=1)
    assert {entry.key for entry in journal.entries(since=later)} == {"b"}
    assert {entry.key for entry in journal.entries(until=later)} == {"a"}


def test_a_limit_keeps_the_newest_entries_in_their_order(shared: SharedJournal) -> None:
    journal = shared.journal()
    deliver(journal, ["a", "b"])
    assert [entry.seq for entry in journal.entries(limit=3)] == [8, 9, 10]


def test_entries_may_be_left_unread(shared: SharedJournal) -> None:
    journal = shared.journal()
    deliver(journal, ["a"])
    reading = journal.entries()
    assert next(reading).seq == 1
    reading.close()
    journal.run_event({"phase": "after"})
