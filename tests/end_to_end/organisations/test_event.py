"""One event, many citizens: it waits while anybody does, then needs a person if anybody does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.records.stripe_events import Accepted, Event, EventState, Settlement
from cascade_cli.services.events.intake import SHORT_OF_DUCATS, Intake, one_settlement
from cascade_cli.services.events.replay_service import PlannedReplay
from cascade_cli.services.refunds.automatic_refunds import RefundResult
from tests.domain.delivery.orders import an_order

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
WAITING, ATTENTION, CREDITED = EventState.WAITING, EventState.ATTENTION, EventState.CREDITED


def settlement(state: EventState, note: str, minutes: int = 5) -> Settlement:
    later = NOW + timedelta(minutes=minutes) if state is WAITING else None
    return Settlement("evt_1", state, note, later)


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([CREDITED, CREDITED, CREDITED], CREDITED),
        ([CREDITED, ATTENTION, CREDITED], ATTENTION),
        ([ATTENTION, WAITING, CREDITED], WAITING),
    ],
)
def test_the_event_is_done_when_everybody_is(states: list[EventState], whole: EventState) -> None:
    found = [settlement(state, state.value) for state in states]
    planned = [PlannedReplay(f"pi_1.{number}", ()) for number, _ in enumerate(states, start=1)]
    assert one_settlement(found, planned).state is whole


def test_it_is_looked_at_again_when_the_first_may_go_on_and_a_few_are_named() -> None:
    found = [settlement(WAITING, "no ducats", minutes) for minutes in (9, 2, 5, 7, 8)]
    planned = [PlannedReplay(f"pi_1.{number}", ()) for number in range(1, 6)]
    one = one_settlement(found, planned)
    assert one.next_at == NOW + timedelta(minutes=2)
    assert one.note == (
        "5 of 5 citizens: pi_1.1: no ducats; pi_1.2: no ducats; pi_1.3: no ducats (and 2 more)"
    )


def test_who_waits_for_ducats_is_counted_by_the_same_words_as_ever() -> None:
    found = [settlement(WAITING, SHORT_OF_DUCATS), settlement(CREDITED, "under way")]
    planned = [PlannedReplay(f"pi_1.{number}", ()) for number in (1, 2)]
    assert one_settlement(found, planned).note == SHORT_OF_DUCATS


class OneDealt:
    """Automatic refunds that say the same of every payment."""

    def __init__(self, dealt: RefundResult) -> None:
        self.dealt = dealt

    def __call__(self, _payment_id: str, _patience: timedelta) -> RefundResult:
        return self.dealt


class OneEvent(Inbox):
    """An inbox with one event that tells of a refund."""

    def __init__(self) -> None:
        """Without a journal."""

    def due(self, limit: int) -> list[Accepted]:
        event = Event(
            id="evt_1",
            type="charge.refunded",
            created_at=NOW,
            livemode=False,
            payment_id="pi_1",
            subjects=frozenset({"pi_1"}),
            pending_webhooks=1,
            raw=b"{}",
        )
        return [Accepted(event, NOW, 0)][:limit]

    def credited(self, payment_ids: Iterable[str]) -> set[str]:  # noqa: ARG002 - none of them
        return set()

    def settle(self, settlements: Iterable[Settlement]) -> None:
        """Nothing is kept."""


def _delivery(result: Result, finish_at: datetime | None = None) -> Delivery:
    order = an_order(key="cascade_refund_re_1.1")
    return Delivery(order, result, "why", finish_at=finish_at)


def test_one_portion_s_refusal_does_not_end_what_others_wait_for() -> None:
    refused = _delivery(Result.REFUSED)
    unfinished = _delivery(Result.UNFINISHED, NOW + timedelta(minutes=2))
    for dealt, state in (
        (RefundResult("", failed=(refused, unfinished)), WAITING),
        (RefundResult("", failed=(refused,), again_at=NOW + timedelta(minutes=5)), WAITING),
        (RefundResult("", failed=(refused,)), ATTENTION),
    ):
        intake = Intake(
            OneEvent(),
            cast("Any", None),
            livemode=False,
            facts={},
            guard=lambda: None,
            now=lambda: NOW,
            refunds=OneDealt(dealt),
        )
        assert [one.state for one in intake.work()] == [state]
