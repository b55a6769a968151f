"""One run per base at a time, and a lock that no dead run keeps."""

import time
from datetime import timedelta

import pytest

from cascade_cli.adapters.journal import ClaimLostError
from cascade_cli.domain.records.journal_entries import EntryKind
from cascade_cli.errors import JournalError, LockedError
from tests.adapters.journal.office import ANNA, BRUNO, ELSEWHERE, LEASE, Office


def test_a_second_run_is_refused_and_told_who_holds_the_lock(office: Office) -> None:
    with (
        office.journal().lock("appVenice", lease=LEASE),
        pytest.raises(LockedError) as raised,
        office.journal(BRUNO).lock("appVenice", lease=LEASE),
    ):
        pass
    for part in ("till-1", "pid 101", "anna", ANNA.command, "2026-11-20 14:00 UTC"):
        assert part in raised.value.message


def test_locks_of_other_names_do_not_matter(office: Office) -> None:
    with (
        office.journal().lock("appVenice", lease=LEASE),
        office.journal(BRUNO).lock("appGenoa", lease=LEASE),
    ):
        pass


def test_a_lock_is_free_after_its_block_even_if_that_failed(office: Office) -> None:
    with pytest.raises(ZeroDivisionError), office.journal().lock("appVenice", lease=LEASE):
        _ = 1 / 0
    with office.journal(BRUNO).lock("appVenice", lease=LEASE):
        pass


def test_a_refused_run_leaves_the_holders_lock_alone(office: Office) -> None:
    with office.journal().lock("appVenice", lease=LEASE):
        for _ in range(2):
            with (
                pytest.raises(LockedError),
                office.journal(BRUNO).lock("appVenice", lease=LEASE),
            ):
                pass


def test_a_dead_process_of_this_host_loses_its_lock_at_once_and_on_record(office: Office) -> None:
    office.journal().lock("appVenice", lease=LEASE).__enter__()
    office.dead.add(ANNA.pid)
    with office.journal(BRUNO).lock("appVenice", lease=LEASE):
        (entry,) = office.journal().entries()
    assert entry.kind is EntryKind.TAKEOVER
    assert (entry.body["lock"], entry.body["from"]["run"]) == ("appVenice", ANNA.run)


def test_a_run_on_another_host_keeps_its_lock_until_the_lease_ends(office: Office) -> None:
    office.journal(ELSEWHERE).lock("appVenice", lease=LEASE).__enter__()
    office.dead.add(ELSEWHERE.pid)
    with pytest.raises(LockedError), office.journal().lock("appVenice", lease=LEASE):
        pass
    office.clock.advance(seconds=LEASE.total_seconds())
    with office.journal().lock("appVenice", lease=LEASE):
        pass


def test_renewing_prolongs_the_lease(office: Office) -> None:
    with office.journal(ELSEWHERE).lock("appVenice", lease=LEASE) as lock:
        office.clock.advance(minutes=4)
        lock.renew()
        office.clock.advance(minutes=4)
        with pytest.raises(LockedError), office.journal().lock("appVenice", lease=LEASE):
            pass


def test_a_lost_lock_cannot_be_renewed_and_is_not_released_for_its_new_holder(
    office: Office,
) -> None:
    with office.journal().lock("appVenice", lease=LEASE) as lock:
        office.dead.add(ANNA.pid)
        taken = office.journal(BRUNO).lock("appVenice", lease=LEASE)
        taken.__enter__()
        with pytest.raises(ClaimLostError):
            lock.renew()
        assert lock.is_lost
    taken.renew()


def test_the_heartbeat_renews_in_real_time(office: Office) -> None:
    journal = office.journal(ELSEWHERE)
    with journal.lock("appVenice", lease=timedelta(hours=1), heartbeat_seconds=0.01):
        office.clock.advance(minutes=50)
        time.sleep(0.5)
        office.clock.advance(minutes=50)
        with pytest.raises(LockedError), office.journal().lock("appVenice", lease=LEASE):
            pass


def test_the_heartbeat_ends_when_the_lock_is_lost(office: Office) -> None:
    with office.journal().lock("appVenice", lease=LEASE, heartbeat_seconds=0.01) as lock:
        office.dead.add(ANNA.pid)
        with office.journal(BRUNO).lock("appVenice", lease=LEASE):
            deadline = time.monotonic() + 10
            while not lock.is_lost and time.monotonic() < deadline:
                time.sleep(0.01)
            assert lock.is_lost


def test_a_lock_that_cannot_be_released_hides_no_error_of_its_block(office: Office) -> None:
    def fail() -> None:
        with office.journal().lock("appVenice", lease=LEASE):
            office.sql("DROP TABLE cascade_locks")
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()


def test_a_lock_that_cannot_be_released_is_told_after_a_sound_block(office: Office) -> None:
    with (
        pytest.raises(JournalError, match="stays until its lease ends"),
        office.journal().lock("appVenice", lease=LEASE),
    ):
        office.sql("DROP TABLE cascade_locks")
