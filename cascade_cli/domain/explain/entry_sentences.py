"""Journal entries and webhook events in a few words, and what they say about a transfer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cascade_cli.domain.delivery.arrival_notices import TELL_ARRIVAL
from cascade_cli.domain.explain.story import Happening, Reporter
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.journal_entries import Entry, EntryKind, Fate
from cascade_cli.domain.records.orders import OVERRIDES, Cause
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.records.stripe_events import EventState, Kept
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import format_moment


def describe_entry(entry: Entry) -> str:
    """What happened, in a few words."""
    body = entry.body
    if entry.kind is EntryKind.INTENT:
        return _promise(body)
    if entry.kind is EntryKind.AMENDMENT:
        return f"now {_promise(body)}"
    if entry.kind is EntryKind.ATTEMPT:
        return f"about to {_action(body)}"
    if entry.kind is EntryKind.OUTCOME:
        fate = body.get("fate")
        return f"{_action(body)}: {'done' if fate == Fate.APPLIED else fate}"
    if entry.kind is EntryKind.TAKEOVER:
        return f"took over from {_json(body.get('from'))}"
    return _run_sentence(body)


def _promise(body: Mapping[str, Any]) -> str:
    ducats, citizen = body.get("ducats"), body.get("citizen")
    if body.get("cause") in {Cause.REFUND, Cause.TAKE_BACK}:
        return f"{ducats} ducats to be taken back from {citizen!r}"
    detail = body.get("detail")
    overrides = detail.get(OVERRIDES, ()) if isinstance(detail, Mapping) else ()
    words = "".join(f", {str(override).replace('-', ' ')}" for override in overrides)
    return f"promised {ducats} ducats to {citizen!r}{words}"


def _action(body: Mapping[str, Any]) -> str:
    """For a gift, two citizens are told, by two writes."""
    detail = body.get("detail")
    told = detail.get("told") if isinstance(detail, Mapping) else None
    if body.get("action") == TELL_ARRIVAL:
        return f"tell the {told or 'citizen'} of the arrival"
    return f"{body.get('action')} the {told}" if told else str(body.get("action"))


def _run_sentence(body: Mapping[str, Any]) -> str:
    refund, allocation = body.get("refund"), body.get("allocation")
    if isinstance(decision := body.get("decision"), Mapping):
        return f"decided: {Decision.of(decision).described}"
    if isinstance(allocation, Mapping):
        ducats, citizens = allocation.get("ducats"), allocation.get("citizens")
        digest = allocation.get("digest")
        return f"recorded who gets how much of {ducats} ducats for {citizens} citizens ({digest})"
    if isinstance(restored := body.get("restored"), Mapping):
        return f"restored from a backup with the head {restored.get('head')}"
    if isinstance(caught_up := body.get("caught_up"), Mapping):
        return f"caught up with the base; promises taken over: {caught_up.get('promises')}"
    return _refund(refund) if isinstance(refund, Mapping) else _json(body)


def _refund(refund: Mapping[str, Any]) -> str:
    if refund.get("reason"):
        off, reason = refund.get("written_off"), refund["reason"]
        return f"{off} ducats written off, not to be taken back: {reason}"
    if refund.get("debt") == "0":
        return f"{refund.get('citizen')!r} has no debt any more"
    return f"{refund.get('citizen')!r} has a debt of {refund.get('debt')} ducats"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def past_of(row: Stratagem, terms: Terms) -> Iterator[Happening]:
    """When the row was made; when it was executed, or expired unexecuted; and the engine's own
    undated words."""
    name = row.name
    amount = format_ducats(row.ducats) if row.ducats else "an unreadable number of"
    made = f"stratagem made: {amount} ducats {row.whom}, now {row.status or 'no status'}"
    yield Happening(row.created_at, Reporter.VENICE, made, name)
    last = row.executed_at or row.created_at
    if row.executed_at:
        yield Happening(row.executed_at, Reporter.VENICE, "the engine executed it", name)
    for line in row.engine_log.splitlines():
        if line.strip():
            yield Happening(last, Reporter.VENICE, f"the engine noted, then or later: {line}", name)
    expiry = row.expires_at
    if expiry and expiry <= terms.now and row.state(terms.now) is State.STALLED:
        yield Happening(expiry, Reporter.VENICE, "it expired; the engine passes it over", name)


def journaled(entries: Iterable[Entry]) -> Iterator[Happening]:
    """Who did what to it through cascade."""
    for entry in entries:
        what = f"{describe_entry(entry)} ({entry.operator}, {entry.command})"
        yield Happening(entry.at, Reporter.JOURNAL, what, f"#{entry.seq}")


_OUTCOMES = {
    EventState.CREDITED: "credited",
    EventState.RECORDED: "recorded, there is nothing to credit",
    EventState.ATTENTION: "it needs a person",
}


def received(events: Iterable[Kept]) -> Iterator[Happening]:
    """When each event was received, and what has become of it since."""
    for kept in events:
        event = kept.accepted.event
        why = f": {kept.note}" if kept.note else ""
        what = f"the webhook received {event.type}; {event_outcome(kept)}{why}"
        yield Happening(kept.accepted.received_at, Reporter.JOURNAL, what, event.id)


def payment_of(events: Iterable[Kept]) -> str | None:
    """The payment that the events name, if any does."""
    named = (kept.accepted.event.payment_id for kept in events)
    return next((payment_id for payment_id in named if payment_id), None)


def event_outcome(kept: Kept) -> str:
    """What became of the event, in words."""
    if kept.state is EventState.WAITING:
        return f"it waits to be processed, next {format_moment(kept.next_at)}"
    return _OUTCOMES[kept.state]
