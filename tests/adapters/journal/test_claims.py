"""One payment, one claim: who gets it, who waits, and when it passes on."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.records.journal_entries import ClaimState, EntryKind, Fate, Intent
from cascade_cli.errors import UsageError
from tests.adapters.journal.shared_journal import (
    ANNA,
    BRUNO,
    ELSEWHERE,
    LEASE,
    SharedJournal,
    claim,
    intent,
)


def test_the_first_claim_of_a_key_is_held_and_recorded(shared: SharedJournal) -> None:
    journal = shared.journal()
    answer = claim(journal, intent(detail={"reason": "compensation"}))
    assert (answer.state, answer.first_intent_at) == (ClaimState.HELD, shared.clock.moment)
    assert answer.last_attempt is None
    (entry,) = journal.entries()
    assert (entry.kind, entry.key) == (EntryKind.INTENT, "cascade_payment_pi_1")
    assert (entry.run, entry.host, entry.operator) == (ANNA.run, ANNA.host, "anna")
    assert (entry.command, entry.at) == (ANNA.command, shared.clock.moment)
    assert entry.body == {
        "citizen": "marco",
        "ducats": "100",
        "cause": "event",
        "detail": {"reason": "compensation"},
    }


def test_a_second_worker_finds_the_key_busy_and_learns_who_works_on_it(
    shared: SharedJournal,
) -> None:
    claim(shared.journal())
    answer = claim(shared.journal(BRUNO))
    assert answer.state is ClaimState.BUSY
    assert "anna on till-1 (pid 101) since 2026-11-20 14:00 UTC" in answer.other


def test_a_released_key_goes_to_the_next_without_a_takeover(shared: SharedJournal) -> None:
    anna, bruno = shared.journal(), shared.journal(BRUNO)
    claim(anna)
    anna.release(["cascade_payment_pi_1"])
    assert claim(bruno).state is ClaimState.HELD
    assert [entry.kind for entry in bruno.entries()] == [EntryKind.INTENT]


def test_a_worker_releases_only_what_it_holds_itself(shared: SharedJournal) -> None:
    claim(shared.journal())
    shared.journal(BRUNO).release(["cascade_payment_pi_1"])
    assert claim(shared.journal(BRUNO)).state is ClaimState.BUSY


def test_a_key_passes_on_when_the_lease_ends_and_not_before(shared: SharedJournal) -> None:
    claim(shared.journal(ELSEWHERE))
    shared.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert claim(shared.journal(BRUNO)).state is ClaimState.BUSY
    shared.clock.advance(seconds=1)
    assert claim(shared.journal(BRUNO)).state is ClaimState.HELD


def test_a_takeover_is_recorded_with_who_held_the_key(shared: SharedJournal) -> None:
    claim(shared.journal(ELSEWHERE))
    shared.clock.advance(hours=1)
    claim(shared.journal(BRUNO))
    *_, entry = shared.journal().entries()
    assert (entry.kind, entry.run) == (EntryKind.TAKEOVER, BRUNO.run)
    assert entry.body["from"]["run"] == ELSEWHERE.run


def test_a_dead_process_of_this_host_loses_its_claim_at_once(shared: SharedJournal) -> None:
    claim(shared.journal())
    shared.dead.add(ANNA.pid)
    assert claim(shared.journal(BRUNO)).state is ClaimState.HELD


def test_a_process_of_another_host_with_a_dead_ones_pid_keeps_its_claim(
    shared: SharedJournal,
) -> None:
    claim(shared.journal(ELSEWHERE))
    shared.dead.add(ELSEWHERE.pid)
    assert claim(shared.journal(BRUNO)).state is ClaimState.BUSY


def test_two_runs_of_one_process_do_not_share_a_claim(shared: SharedJournal) -> None:
    claim(shared.journal())
    assert claim(shared.journal(replace(ANNA, run="run-other"))).state is ClaimState.BUSY


def test_the_holder_may_claim_again_and_thereby_renews_its_lease(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal, lease=timedelta(minutes=1))
    claim(journal, lease=timedelta(minutes=10))
    shared.clock.advance(minutes=9)
    assert claim(shared.journal(BRUNO)).state is ClaimState.BUSY
    assert [entry.kind for entry in journal.entries()] == [EntryKind.INTENT]


@pytest.mark.parametrize("change", [{"citizen": "Marco"}, {"ducats": Decimal("100.01")}])
def test_a_key_promised_otherwise_is_a_conflict_for_ever(
    shared: SharedJournal, change: dict[str, Any]
) -> None:
    journal = shared.journal()
    claim(journal)
    journal.release(["cascade_payment_pi_1"])
    shared.clock.advance(days=400)
    answer = claim(shared.journal(BRUNO), intent(**change))
    assert answer.state is ClaimState.CONFLICT
    assert answer.other == "promised to marco: 100 ducats, 2026-11-20 14:00 UTC"
    assert len(list(journal.entries())) == 1


def test_the_same_amount_written_otherwise_is_no_conflict(shared: SharedJournal) -> None:
    claim(shared.journal(), intent(ducats=Decimal("1E+2")))
    assert claim(shared.journal(), intent(ducats=Decimal("100.00"))).state is ClaimState.HELD


def test_a_taken_over_key_tells_its_first_intent_and_its_last_attempt(
    shared: SharedJournal,
) -> None:
    journal, start = shared.journal(), shared.clock.moment
    claim(journal)
    shared.clock.advance(seconds=2)
    sent_at = journal.attempt(["cascade_payment_pi_1"], "create", lease=LEASE)
    shared.clock.advance(hours=1)
    answer = claim(shared.journal(BRUNO))
    assert (answer.state, answer.first_intent_at) == (ClaimState.HELD, start)
    attempt = answer.last_attempt
    assert attempt
    assert (attempt.action, attempt.at, attempt.fate) == ("create", sent_at, Fate.UNKNOWN)


def test_one_call_answers_each_intent_by_itself(shared: SharedJournal) -> None:
    claim(shared.journal(BRUNO), intent("b"))
    claim(shared.journal(), intent("c"))
    intents = [intent("a"), intent("b"), intent("c", citizen="lucia"), intent("d")]
    answers = shared.journal().claim(intents, lease=LEASE, day_limit_ducats=None)
    assert {key: answer.state.value for key, answer in answers.items()} == {
        "a": "held",
        "b": "busy",
        "c": "conflict",
        "d": "held",
    }


@pytest.mark.parametrize("ducats", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_number_of_ducats_is_refused(shared: SharedJournal, ducats: str) -> None:
    journal = shared.journal()
    with pytest.raises(UsageError):
        claim(journal, intent("sound"), intent(ducats=Decimal(ducats)))
    assert list(journal.entries()) == []


def test_a_key_named_twice_in_one_call_is_refused(shared: SharedJournal) -> None:
    journal = shared.journal()
    twice = [Intent("a", "marco", Decimal(n), "event") for n in (1, 2)]
    with pytest.raises(UsageError, match="twice"):
        journal.claim(twice, lease=LEASE, day_limit_ducats=None)
    assert list(journal.entries()) == []
