"""`cascade events list`, and the choice of events for a replay."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from cascade_cli.adapters.stripe.events import EVENT_ID, EventReader, read_event_file
from cascade_cli.cli.events.options import EventListOptions, EventSelection
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.option_values import moment_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.windows import parse_window
from cascade_cli.domain.explain.entry_sentences import event_outcome
from cascade_cli.domain.records.stripe_events import (
    KEPT,
    Event,
    Kept,
    chronological,
    forgotten,
    of_types,
)
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import Window, format_moment, rfc3339
from cascade_cli.errors import ExitCode, JournalError, ServiceError, UsageError
from cascade_cli.services.reconcile.unknown_ids import right_line
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.reading import Wiring

FORMS = "cascade events replay EVENT…, or with --since W, or with --file F"
_TYPE = re.compile(r"[a-z0-9_.*]{1,100}")


@dataclass(frozen=True)
class ChosenEvents:
    """Events, oldest first and each once. `left` is what `--limit` left out, `lost` the part of the
    window that Stripe no longer has, `unknown` the ids that it does not know."""

    events: tuple[Event, ...]
    left: tuple[Event, ...] = ()
    lost: Window | None = None
    unknown: tuple[str, ...] = ()

    @property
    def error(self) -> ServiceError | None:
        """Set if these are not all the events that were asked for."""
        if self.lost is not None:
            return ServiceError(
                f"Incomplete: Stripe keeps events for {KEPT.days} days, and the window begins "
                f"{format_moment(self.lost.since)}.",
                "Charges are kept for ever: "
                + command("reconcile", "--repair", "--since", rfc3339(self.lost.since)),
            )
        if self.unknown:
            return ServiceError(
                f"Incomplete: Stripe has no event {', '.join(self.unknown)}.",
                f"It keeps events for {KEPT.days} days. Use the payment instead: cascade explain "
                "pi_…, or cascade reconcile --repair.",
            )
        return None


def list_events(session: Session, options: EventListOptions) -> Outcome:
    """Read and show. Raises UsageError before anything is read."""
    began = session.now()
    parse_window(options.since, options.until, began)
    types = options.types or ()
    check_types(types)

    def look(
        now: datetime, _check: Callable[[], None]
    ) -> tuple[datetime, Window, tuple[Event, ...]]:
        window = parse_window(options.since, options.until, now)
        return now, window, chronological(_listed(wiring.events, window, types))

    with connected(session, in_hurry=False) as wiring:
        now, window, found = wiring.clock.with_corrected_time(look, began)
        received = receipts(session, wiring, found)
    kept = found[-options.limit :] if options.limit else found
    chosen = ChosenEvents(kept, found[: len(found) - len(kept)], forgotten(window, now))
    data = {
        "window": {"since": rfc3339(window.since), "until": rfc3339(window.until)},
        "complete": chosen.error is None,
        "events": [
            {**event_document(event), "webhook": _receipt_document(received.get(event.id))}
            for event in chosen.events
        ],
        "left": len(chosen.left),
    }
    error = chosen.error
    exit_code = error.exit_code if error else ExitCode.OK
    return Outcome(data, lambda s: _show_list(s.console(), chosen, received), exit_code, error)


def choose(
    reader: EventReader,
    selection: EventSelection,
    saved: Sequence[Event] | None,
    now: datetime,
) -> ChosenEvents:
    """The events to replay. `saved` are those of the file, if there is one."""
    lost: Window | None = None
    unknown: tuple[str, ...] = ()
    window, types = _window(selection, now), selection.types or ()
    if saved is not None:
        found = [e for e in saved if window is None or e.created_at in window]
    elif window is not None:
        lost = forgotten(window, now)
        found = _listed(reader, window, types)
    else:
        answers = {name: reader.event(name) for name in selection.event_ids or ()}
        found = [event for event in answers.values() if event]
        unknown = tuple(name for name, event in answers.items() if event is None)
    events = chronological(of_types(found, types))
    first = len(events) if selection.limit is None else selection.limit
    return ChosenEvents(events[:first], events[first:], lost, unknown)


def read_file(selection: EventSelection, now: datetime) -> list[Event] | None:
    """Check the selection, and read its file if it names one. Raises UsageError."""
    check_types(selection.types or ())
    sources = [bool(selection.event_ids), selection.file is not None, selection.since is not None]
    if not any(sources):
        raise UsageError("Which events? Nothing was done.", FORMS)
    if selection.event_ids and (any(sources[1:]) or selection.until is not None):
        raise UsageError("Ids of events stand alone: no --since, --until or --file.", FORMS)
    _window(selection, now)
    for event_id in selection.event_ids or ():
        if not EVENT_ID.fullmatch(event_id):
            known = right_line(event_id) or "They look like evt_1Abc…."
            raise UsageError(f"{event_id[:80]!r} is not an event's id.", known)
    return read_event_file(selection.file) if selection.file is not None else None


def _window(selection: EventSelection, now: datetime) -> Window | None:
    """With a file, --until may stand alone."""
    if selection.since is not None:
        return parse_window(selection.since, selection.until, now)
    if selection.until is not None:
        until = moment_option("--until", selection.until, now)
        return Window(datetime.min.replace(tzinfo=UTC), until)
    return None


def check_types(types: Sequence[str]) -> None:
    """Raises UsageError for a name that cannot be an event type."""
    for name in types:
        if not _TYPE.fullmatch(name):
            hint = "They look like charge.succeeded, or charge.* for all of a kind."
            raise UsageError(f"--type {name[:80]!r} is not a type of event.", hint)


def _listed(reader: EventReader, window: Window, types: Sequence[str]) -> list[Event]:
    return of_types(reader.events(window, types), types)


def event_document(event: Event) -> dict[str, Any]:
    """An event for --json."""
    return {
        "id": event.id,
        "type": event.type,
        "created_at": rfc3339(event.created_at),
        "payment": event.payment_id if event.is_paying else None,
        "livemode": event.livemode,
        "pending_webhooks": event.pending_webhooks,
    }


def _receipt_document(kept: Kept | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    received_at = rfc3339(kept.accepted.received_at)
    return {"received_at": received_at, "state": kept.state.value, "note": kept.note}


def _show_list(console: Console, chosen: ChosenEvents, received: Mapping[str, Kept]) -> None:
    for event in chosen.events:
        line = f"{event.created_at:%Y-%m-%d %H:%M:%S}  {event.id}  {escape(event.type)}"
        console.print(Text(line), soft_wrap=True)
        if kept := received.get(event.id):
            note = f": {escape(kept.note)}" if kept.note else ""
            console.print(Text(f"  our webhook: {event_outcome(kept)}{note}"), soft_wrap=True)
        if number := event.pending_webhooks:
            waiting = format_count(number, "webhook has", "webhooks have")
            console.print(Text(f"  {waiting} not accepted it yet", "yellow"))
    console.print(Text(f"{format_count(len(chosen.events), 'event')} (times in UTC).", "bold"))
    if received:
        missed = sum(1 for event in chosen.events if event.id not in received)
        console.print(f"Our webhook did not receive {missed} of them.")
    if chosen.left:
        console.print(f"--limit left out {format_count(len(chosen.left), 'older one')}.")


# An SQL statement takes a limited number of values, and each id is used twice.
_IDS_PER_QUERY = 250


def receipts(session: Session, wiring: Wiring, events: Sequence[Event]) -> dict[str, Kept]:
    """What our webhook did with those events that it received, by event id. Empty, with a warning,
    if the journal cannot be read."""
    found = dict[str, Kept]()
    try:
        archive = wiring.shop_journal.archive(wiring.clock.now)
        if archive is None:
            return found
        for begin in range(0, len(events), _IDS_PER_QUERY):
            ids = [event.id for event in events[begin : begin + _IDS_PER_QUERY]]
            found |= {k.accepted.event.id: k for k in archive.inbox.about(ids)}
    except JournalError as error:
        session.warn(f"what our webhook did is not shown: {error.message}")
    return found
