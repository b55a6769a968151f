"""What a complete run leaves behind for the next: where it ended, and what was still open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cascade_cli.domain.kinds import Kind
from cascade_cli.domain.reconciliation import Item, Reconciliation
from cascade_cli.domain.times import Window, rfc3339

# A payment may be captured, and an event may make its transfer, some time after it was dated.
OVERLAP = timedelta(hours=48)


@dataclass(frozen=True)
class Memory:
    """The end of a complete run; `open` maps what was not settled to its kind.

    `open_since` is when the oldest of these was paid, so that the next window reaches it.
    """

    until: datetime
    open: Mapping[str, str]
    open_since: datetime | None

    @property
    def next_since(self) -> datetime:
        """Where the next run has to begin, so that nothing open and nothing late is left out."""
        overlap = self.until - OVERLAP
        return min(overlap, self.open_since) if self.open_since else overlap

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "until": self.until.isoformat(),
            "open": dict(self.open),
            "open_since": self.open_since.isoformat() if self.open_since else None,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Memory:
        """From what the journal kept."""
        since = document["open_since"]
        return cls(
            datetime.fromisoformat(document["until"]),
            document["open"],
            datetime.fromisoformat(since) if since else None,
        )


@dataclass(frozen=True)
class Changes:
    """Discrepancies that are new since the last complete run, solved, or open as before."""

    since: datetime
    new: tuple[str, ...]
    solved: tuple[str, ...]
    still_open: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As scripts read it."""
        return {
            "previous_until": rfc3339(self.since),
            "new": list(self.new),
            "solved": list(self.solved),
            "still_open": list(self.still_open),
        }


def may_be_kept(window: Window) -> bool:
    """False for a window that no memory would be made of, whatever the last one says.

    Every next run begins `OVERLAP` before the last one's end, or earlier.
    """
    return window.since <= window.until - OVERLAP


def memory_of(window: Window, result: Reconciliation) -> Memory:
    """What to remember of a complete run."""
    unsettled = [item for item in result.items if item.kind is not Kind.SETTLED]
    return Memory(
        window.until,
        {name_of(item): item.kind.value for item in unsettled},
        min((item.occurred_at for item in unsettled), default=None),
    )


def changes(memory: Memory, result: Reconciliation) -> Changes:
    """What became of the discrepancies since `memory`; what is in flight is none."""
    before = {name for name, kind in memory.open.items() if Kind(kind).is_discrepancy}
    now = {name_of(item) for item in result.discrepancies}
    return Changes(
        memory.until,
        tuple(sorted(now - before)),
        tuple(sorted(before - now)),
        tuple(sorted(now & before)),
    )


def name_of(item: Item) -> str:
    """What an item is known by from run to run: its payment, or the transfer's record."""
    return item.charge.payment_id if item.charge else item.stratagems[0].record_id
