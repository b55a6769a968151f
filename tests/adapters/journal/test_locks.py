"""One run per base at a time, and a lock that no dead run keeps."""

import time
from datetime import timedelta

import pytest

from cascade_cli.adapters.journal import ClaimLostError
from cascade_cli.domain.records.journal_entries import EntryKind
from cascade_cli.errors import JournalError, LockedError
from tests.adapters.journal.shared_journal import ANNA, BRUNO, ELSEWHERE, LEASE, SharedJournal


def test_a_second_run_is_refused_and_told_who_holds_the_lock(shared: SharedJournal) -> None:
    with (
        shared.journal().lock("appVenice", lease=LEASE),
        pytest.raises(LockedError) as raised,
        shared.journal(BRUNO).lock("appVenice", lease=LEASE),
    ):
        pass
    for part in ("till-1", "pid 101", "anna", ANNA.command, "2026-11-20 14:00 UTC"):
        assert part in raised.value.message


def test_locks_of_other_names_do_not_matter(shared: SharedJournal) -> None:
    with (
        shared.journal().lock("appVenice", lease=LEASE),
        shared.journal(BRUNO).lock("appGenoa", lease=LEASE),
    ):
        pass


def test_a_lock_is_free_after_its_block_even_if_that_failed(shared: SharedJournal) -> None:
    with pytest.raises(ZeroDivisionError), shared.journal().lock("appVenice", lease=LEASE):
        _ = 1 / 0
    with shared.journal(BRUNO).lock("appVenice", lease=LEASE):
        pass


def test_a_refused_run_leaves_the_holders_lock_alone(shared: SharedJournal) -> None:
    with shared.journal().lock("appVenice", lease=LEASE):
        for _ in range(2):
            with (
                pytest.raises(LockedError),
                shared.journal(BRUNO).lock("appVenice", lease=LEASE),
            ):
                pass


def test_a_dead_process_of_this_host_loses_its_lock_at_once_and_on_record(
    shared: SharedJournal,
) -> None:
    shared.journal().lock("appVenice", lease=LEASE).__enter__()
    shared.dead.add(ANNA.pid)
    with shared.journal(BRUNO).lock("appVenice", lease=LEASE):
        (entry,) = shared.journal().entries()
    assert entry.kind is EntryKind.TAKEOVER
    assert (entry.body["lock"], entry.body["from"]["run"]) == ("appVenice", ANNA.run)


def test_a_run_on_another_host_keeps_its_lock_until_the_lease_ends(shared: SharedJournal) -> None:
    shared.journal(ELSEWHERE).lock("appVenice", lease=LEASE).__enter__()
    shared.dead.add(ELSEWHERE.pid)
    with pytest.raises(LockedError), shared.journal().lock("appVenice", lease=LEASE):
        pass
    shared.clock.advance(seconds=LEASE.total_seconds())
    with shared.journal().lock("appVenice", lease=LEASE):
        pass


def test_renewing_prolongs_the_lease(shared: SharedJournal) -> None:
    with shared.journal(ELSEWHERE).lock("appVenice", lease=LEASE) as lock:
        shared.clock.advance(minutes=4)
        lock.renew()
        shared.clock.advance(minutes=4)
        with pytest.raises(LockedError), shared.journal().lock("appVenice", lease=LEASE):
            pass


def test_a_lost_lock_cannot_be_renewed_and_is_not_released_for_its_new_holder(
    shared: SharedJournal,
) -> None:
    with shared.journal().lock("appVenice", lease=LEASE) as lock:
        shared.dead.add(ANNA.pid)
        taken = shared.journal(BRUNO).lock("appVenice", lease=LEASE)
        taken.__enter__()
        with pytest.raises(ClaimLostError):
            lock.renew()
        assert lock.is_lost
    taken.renew()


def test_the_heartbeat_renews_in_real_time(shared: SharedJournal) -> None:
    journal = shared.journal(ELSEWHERE)
    with journal.lock("appVenice", lease=timedelta(hours=1), heartbeat_seconds=0.01):
        shared.clock.advance(minutes=50)
        time.sleep(0.5)
        shared.clock.advance(minutes=50)
        with pytest.raises(LockedError), shared.journal().lock("appVenice", lease=LEASE):
            pass


def test_the_heartbeat_ends_when_the_lock_is_lost(shared: SharedJournal) -> None:
    with shared.journal().lock("appVenice", lease=LEASE, heartbeat_seconds=0.01) as lock:
        shared.dead.add(ANNA.pid)
        with shared.journal(BRUNO).lock("appVenice", lease=LEASE):
            deadline = time.monotonic() + 10
            while not lock.is_lost and time.monotonic() < deadline:
                time.sleep(0.01)
            assert lock.is_lost


def test_a_lock_that_cannot_be_released_hides_no_error_of_its_block(shared: SharedJournal) -> None:
    def fail() -> None:
        with shared.journal().lock("appVenice", lease=LEASE):
            shared.sql("DROP TABLE cascade_locks")
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()


def test_a_lock_that_cannot_be_released_is_told_after_a_sound_block(shared: SharedJournal) -> None:
    with (
        pytest.raises(JournalError, match="stays until its lease ends"),
        shared.journal().lock("appVenice", lease=LEASE),
    ):
        shared.sql("DROP TABLE cascade_locks")
