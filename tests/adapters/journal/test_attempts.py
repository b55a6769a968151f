"""What may be sent, and what the journal knows of it afterwards."""

from datetime import timedelta

import pytest

from cascade_cli.adapters.journal import ClaimLostError
from cascade_cli.domain.records.journal_entries import Attempt, EntryKind, Fate
from cascade_cli.errors import ExitCode
from tests.adapters.journal.shared_journal import ANNA, BRUNO, LEASE, SharedJournal, claim, intent

KEY = "cascade_payment_pi_1"


def last_attempt(shared: SharedJournal) -> Attempt | None:
    """What a worker who takes the key over is told."""
    shared.clock.advance(hours=1)
    return claim(shared.journal(BRUNO)).last_attempt


def test_an_attempt_is_recorded_with_its_time_before_its_outcome(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal)
    at = journal.attempt([KEY], "create", {"fields": {"Status": "planned"}}, lease=LEASE)
    assert at == shared.clock.moment
    *_, entry = journal.entries()
    assert (entry.kind, entry.at, entry.key) == (EntryKind.ATTEMPT, at, KEY)
    assert entry.body == {"action": "create", "detail": {"fields": {"Status": "planned"}}}


def test_a_key_is_at_work_while_it_is_held_and_as_long_as_its_last_write_is_young(
    shared: SharedJournal,
) -> None:
    journal = shared.journal()
    claim(journal)
    shared.clock.advance(seconds=1)
    held = journal.keys_in_progress([KEY, "cascade_payment_pi_2"], shared.clock.moment)
    assert held == {KEY}
    at = journal.attempt([KEY], "create", lease=LEASE)
    journal.outcome([KEY], "create", Fate.APPLIED)
    journal.release([KEY])
    assert journal.keys_in_progress([KEY], at) == {KEY}
    assert journal.keys_in_progress([KEY], at + timedelta(seconds=1)) == set()


def test_an_outcome_settles_the_attempt(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal)
    at = journal.attempt([KEY], "create", lease=LEASE)
    journal.outcome([KEY], "create", Fate.APPLIED, {KEY: {"record": "rec1"}})
    *_, entry = journal.entries()
    assert entry.kind is EntryKind.OUTCOME
    assert entry.body == {"action": "create", "fate": "applied", "detail": {"record": "rec1"}}
    assert last_attempt(shared) == Attempt("create", at, Fate.APPLIED)


def test_an_attempt_without_an_outcome_stays_unknown(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal)
    journal.attempt([KEY], "create", lease=LEASE)
    journal.outcome([KEY], "create", Fate.APPLIED)
    at = journal.attempt([KEY], "activate", lease=LEASE)
    assert last_attempt(shared) == Attempt("activate", at, Fate.UNKNOWN)


def test_an_attempt_after_the_lease_ended_is_refused_and_not_recorded(
    shared: SharedJournal,
) -> None:
    journal = shared.journal()
    claim(journal)
    shared.clock.advance(seconds=LEASE.total_seconds())
    with pytest.raises(ClaimLostError, match="its lease ended") as raised:
        journal.attempt([KEY], "create", lease=LEASE)
    assert raised.value.exit_code is ExitCode.LOCKED
    assert [entry.kind for entry in journal.entries()] == [EntryKind.INTENT]


def test_an_attempt_on_a_key_taken_over_is_refused_and_names_the_taker(
    shared: SharedJournal,
) -> None:
    journal = shared.journal()
    claim(journal)
    shared.dead.add(ANNA.pid)
    claim(shared.journal(BRUNO))
    with pytest.raises(ClaimLostError, match="bruno"):
        journal.attempt([KEY], "create", lease=LEASE)


@pytest.mark.parametrize("lost", ["released", "never-claimed"])
def test_one_lost_key_stops_the_attempt_on_all(shared: SharedJournal, lost: str) -> None:
    journal = shared.journal()
    claim(journal, intent("a"), intent("released"))
    journal.release(["released"])
    with pytest.raises(ClaimLostError, match="nobody holds it"):
        journal.attempt(["a", lost], "create", lease=LEASE)
    assert {entry.kind for entry in journal.entries()} == {EntryKind.INTENT}
    assert claim(journal, intent("a")).last_attempt is None


def test_an_attempt_renews_the_lease(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal)
    shared.clock.advance(minutes=4)
    journal.attempt([KEY], "create", lease=LEASE)
    shared.clock.advance(minutes=4)
    journal.attempt([KEY], "activate", lease=LEASE)


def test_an_outcome_is_recorded_even_after_the_claim_was_lost(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal)
    at = journal.attempt([KEY], "create", lease=LEASE)
    shared.dead.add(ANNA.pid)
    claim(shared.journal(BRUNO))
    journal.outcome([KEY], "create", Fate.APPLIED)
    *_, entry = journal.entries()
    assert (entry.kind, entry.run) == (EntryKind.OUTCOME, ANNA.run)
    assert claim(shared.journal(BRUNO)).last_attempt == Attempt("create", at, Fate.APPLIED)


def test_a_late_outcome_does_not_settle_anothers_newer_attempt(shared: SharedJournal) -> None:
    anna, bruno = shared.journal(), shared.journal(BRUNO)
    claim(anna)
    anna.attempt([KEY], "create", lease=LEASE)
    shared.dead.add(ANNA.pid)
    claim(bruno)
    at = bruno.attempt([KEY], "create", lease=LEASE)
    anna.outcome([KEY], "create", Fate.REFUSED)
    assert claim(bruno).last_attempt == Attempt("create", at, Fate.UNKNOWN)


def test_the_holder_may_settle_the_attempt_of_a_dead_predecessor(shared: SharedJournal) -> None:
    anna, bruno = shared.journal(), shared.journal(BRUNO)
    claim(anna)
    at = anna.attempt([KEY], "create", lease=LEASE)
    shared.dead.add(ANNA.pid)
    claim(bruno)
    bruno.outcome([KEY], "create", Fate.REFUSED)
    assert claim(bruno).last_attempt == Attempt("create", at, Fate.REFUSED)


def test_each_key_of_a_batch_gets_its_own_entries(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal, intent("a"), intent("b"))
    journal.attempt(["a", "b"], "create", lease=LEASE)
    journal.outcome(["a", "b"], "create", Fate.APPLIED, {"a": {"record": "recA"}})
    outcomes = [entry for entry in journal.entries() if entry.kind is EntryKind.OUTCOME]
    assert [entry.body["detail"] for entry in outcomes] == [{"record": "recA"}, {}]


def test_a_late_outcome_of_an_earlier_action_does_not_settle_a_later_one(
    shared: SharedJournal,
) -> None:
    journal = shared.journal()
    claim(journal)
    journal.attempt([KEY], "create", lease=LEASE)
    at = journal.attempt([KEY], "activate", lease=LEASE)
    journal.outcome([KEY], "create", Fate.APPLIED)
    assert last_attempt(shared) == Attempt("activate", at, Fate.UNKNOWN)
