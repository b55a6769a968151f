"""The day's limit of ducats, and twins: the same gift to the same citizen moments later."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.records.journal_entries import ClaimState
from tests.adapters.journal.shared_journal import BRUNO, LEASE, SharedJournal, claim, intent


def test_the_days_limit_counts_what_others_claimed(shared: SharedJournal) -> None:
    claim(shared.journal(), intent("a", ducats=Decimal("700.5")))
    bruno = shared.journal(BRUNO)
    over = claim(bruno, intent("b", ducats=Decimal("299.6")), limit=Decimal(1000))
    assert (over.state, over.ducats_left_today) == (ClaimState.OVER_LIMIT, Decimal("299.5"))
    fits = claim(bruno, intent("b", ducats=Decimal("299.5")), limit=Decimal(1000))
    assert (fits.state, fits.ducats_left_today) == (ClaimState.HELD, Decimal(0))


def test_the_days_limit_counts_what_the_same_call_took_before(shared: SharedJournal) -> None:
    intents = [
        intent(key, ducats=Decimal(amount)) for key, amount in zip("abc", (60, 50, 40), strict=True)
    ]
    answers = shared.journal().claim(intents, lease=LEASE, day_limit_ducats=Decimal(100))
    states = [answer.state for answer in answers.values()]
    assert states == [ClaimState.HELD, ClaimState.OVER_LIMIT, ClaimState.HELD]


def test_a_refusal_leaves_no_trace_and_the_key_stays_free(shared: SharedJournal) -> None:
    journal = shared.journal()
    assert claim(journal, limit=Decimal(99)).state is ClaimState.OVER_LIMIT
    assert list(journal.entries()) == []
    assert claim(shared.journal(BRUNO), intent(citizen="lucia")).state is ClaimState.HELD


def test_the_limit_begins_anew_at_midnight_utc(shared: SharedJournal) -> None:
    journal = shared.journal()
    shared.clock.advance(hours=9, minutes=59)
    claim(journal, intent("a"), limit=Decimal(100))
    assert claim(journal, intent("b"), limit=Decimal(100)).state is ClaimState.OVER_LIMIT
    assert journal.ducats_today() == 100
    shared.clock.advance(minutes=1)
    assert journal.ducats_today() == 0
    assert claim(journal, intent("b"), limit=Decimal(100)).state is ClaimState.HELD


def test_a_key_of_yesterday_taken_up_again_does_not_count_today(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal, intent("a"))
    shared.clock.advance(days=1)
    assert claim(journal, intent("a"), limit=Decimal(50)).state is ClaimState.HELD
    assert journal.ducats_today() == 0


def test_a_promise_already_made_is_kept_whatever_the_limit_says_now(shared: SharedJournal) -> None:
    journal = shared.journal()
    claim(journal, limit=Decimal(100))
    assert claim(journal, limit=Decimal(10)).state is ClaimState.HELD


def test_ducats_are_summed_digit_for_digit(shared: SharedJournal) -> None:
    journal = shared.journal()
    for number in range(10):
        claim(journal, intent(str(number), ducats=Decimal("0.1")))
    claim(journal, intent("big", ducats=Decimal("12345678901234567.00000001")))
    assert journal.ducats_today() == Decimal("12345678901234568.00000001")


def test_a_twin_of_a_manual_credit_is_refused_within_its_time(shared: SharedJournal) -> None:
    journal, start = shared.journal(), shared.clock.moment
    claim(journal, intent("cascade_manual_a", cause="manual"))
    shared.clock.advance(hours=23)
    since = shared.clock.moment - timedelta(hours=24)
    again = intent("cascade_manual_b", cause="manual", refuse_twin_since=since)
    answer = claim(journal, again)
    assert answer.state is ClaimState.TWIN
    assert answer.other == "cascade_manual_a, 2026-11-20 14:00 UTC"
    assert len(list(journal.entries())) == 1
    too_late = intent("c", cause="manual", refuse_twin_since=start + timedelta(seconds=1))
    assert claim(journal, too_late).state is ClaimState.HELD


@pytest.mark.parametrize(
    "first", [{"cause": "event"}, {"citizen": "lucia"}, {"ducats": Decimal(99)}]
)
def test_only_the_same_gift_by_hand_is_a_twin(shared: SharedJournal, first: dict[str, Any]) -> None:
    journal = shared.journal()
    claim(journal, intent("a", **{"cause": "manual", **first}))
    second = intent("b", cause="manual", refuse_twin_since=shared.clock.moment)
    assert claim(journal, second).state is ClaimState.HELD


def test_taking_up_the_same_manual_credit_again_is_no_twin(shared: SharedJournal) -> None:
    journal = shared.journal()
    gift = intent("a", cause="manual", refuse_twin_since=shared.clock.moment)
    claim(journal, gift)
    assert claim(journal, gift).state is ClaimState.HELD


def test_two_twins_in_one_call_are_one_gift(shared: SharedJournal) -> None:
    gifts = [intent(k, cause="manual", refuse_twin_since=shared.clock.moment) for k in "ab"]
    answers = shared.journal().claim(gifts, lease=LEASE, day_limit_ducats=None)
    assert [a.state for a in answers.values()] == [ClaimState.HELD, ClaimState.TWIN]
