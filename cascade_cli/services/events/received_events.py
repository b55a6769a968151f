"""What the webhook received, as part of a story."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cascade_cli.domain.explain.story import Happening, Source
from cascade_cli.domain.records.stripe_events import EventState, Kept
from cascade_cli.domain.shop.times import format_moment

_STANDING = {
    EventState.CREDITED: "credited",
    EventState.RECORDED: "recorded, there is nothing to credit",
    EventState.ATTENTION: "it needs a person",
}


def received(events: Iterable[Kept]) -> Iterator[Happening]:
    """When each was received, and what became of it since."""
    for kept in events:
        event = kept.accepted.event
        why = f": {kept.note}" if kept.note else ""
        what = f"the webhook received {event.type}; {transfer_status(kept)}{why}"
        yield Happening(kept.accepted.received_at, Source.JOURNAL, what, event.id)


def payment_of(events: Iterable[Kept]) -> str | None:
    """The payment that they name, if any does."""
    named = (kept.accepted.event.payment_id for kept in events)
    return next((payment_id for payment_id in named if payment_id), None)


def transfer_status(kept: Kept) -> str:
    """What became of it, in words."""
    if kept.state is EventState.WAITING:
        return f"it waits to be dealt with, next {format_moment(kept.next_at)}"
    return _STANDING[kept.state]
