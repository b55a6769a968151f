"""What happened to one transfer, as far as its record and our journal tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cascade_cli.domain.explain.entry_sentences import describe_entry
from cascade_cli.domain.explain.story import Happening, Source
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.records.journal_entries import Entry
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.money import format_ducats


def past_of(row: Stratagem, terms: Terms) -> Iterator[Happening]:
    """Made; executed, or expired without that; the engine's own undated words."""
    name = row.stratagem_id or row.record_id
    amount = format_ducats(row.ducats) if row.ducats else "an unreadable number of"
    whom = f"from {row.payer!r}" if row.payer else f"to {row.citizen!r}"
    made = f"stratagem made: {amount} ducats {whom}, now {row.status or 'no status'}"
    yield Happening(row.created_at, Source.VENICE, made, name)
    last = row.executed_at or row.created_at
    if row.executed_at:
        yield Happening(row.executed_at, Source.VENICE, "the engine executed it", name)
    for line in row.engine_log.splitlines():
        if line.strip():
            yield Happening(last, Source.VENICE, f"the engine noted, then or later: {line}", name)
    expiry = row.expires_at
    if expiry and expiry <= terms.now and row.state(terms.now) is State.STALLED:
        yield Happening(expiry, Source.VENICE, "it expired; the engine passes it over", name)


def journaled(entries: Iterable[Entry]) -> Iterator[Happening]:
    """Who did what to it through cascade."""
    for entry in entries:
        what = f"{describe_entry(entry)} ({entry.operator}, {entry.command})"
        yield Happening(entry.at, Source.JOURNAL, what, f"#{entry.seq}")
