"""What this machine's journal says about the shop's state. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.domain.records.journal_entries import Entry, Holder
from cascade_cli.domain.records.stripe_events import EventState, Kept
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.services.ports import InboxPort, JournalPort

# Enough for the latest commands' names, and quick to read.
_LATEST_ENTRIES = 200
_MOST_COMMANDS = 3


@dataclass(frozen=True)
class LastWrite:
    """When a command wrote last, and who ran it."""

    command: str
    operator: str
    at: datetime


@dataclass(frozen=True)
class Records:
    """`memory` is the last complete run's checkpoint; `last_writes` begins with the newest.

    `attention` are the webhook's events that only a person can decide about, since some moment.
    `worker` is the `cascade serve` that credits events.
    """

    promised_today: Decimal
    memory: Checkpoint | None
    last_writes: tuple[LastWrite, ...]
    events: dict[EventState, int]
    oldest_waiting: datetime | None
    attention: tuple[Kept, ...]
    worker: Holder | None


NO_RECORDS = Records(ZERO, None, (), dict.fromkeys(EventState, 0), None, (), None)
"""The records if there is no journal yet: nothing was written from here."""


def read_records(
    journal: JournalPort,
    inbox: InboxPort,
    memory: Checkpoint | None,
    since: datetime,
    base_id: str,
) -> Records:
    """Reads the records; `attention` begins at `since`. Raises JournalError."""
    return Records(
        journal.ducats_today(),
        memory,
        _last_writes(journal.entries(limit=_LATEST_ENTRIES)),
        inbox.counts(),
        inbox.oldest_waiting(),
        tuple(inbox.needing_attention(since)),
        inbox.worker(base_id),
    )


def _last_writes(entries: Iterable[Entry]) -> tuple[LastWrite, ...]:
    """The newest entry of each command."""
    by_command: dict[str, LastWrite] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq, reverse=True):
        write = LastWrite(entry.command, entry.operator, entry.at)
        by_command.setdefault(entry.command, write)
    return tuple(by_command.values())[:_MOST_COMMANDS]
