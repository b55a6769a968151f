"""One event, many citizens: it waits while anybody does, then needs a person if anybody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.adapters.journal.inbox import EventState, Settlement
from cascade_cli.services.intake import together
from cascade_cli.services.replay import Planned

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
    planned = [Planned(f"pi_1.{number}", ()) for number, _ in enumerate(states, start=1)]
    assert together(found, planned).state is whole


def test_it_is_looked_at_again_when_the_first_may_go_on_and_a_few_are_named() -> None:
    found = [settlement(WAITING, "no ducats", minutes) for minutes in (9, 2, 5, 7, 8)]
    planned = [Planned(f"pi_1.{number}", ()) for number in range(1, 6)]
    one = together(found, planned)
    assert one.next_at == NOW + timedelta(minutes=2)
    assert one.note == (
        "5 of 5 citizens: pi_1.1: no ducats; pi_1.2: no ducats; pi_1.3: no ducats (and 2 more)"
    )
