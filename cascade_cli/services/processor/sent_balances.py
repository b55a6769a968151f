"""Balance writes that were applied but whose sender does not know it, kept in the journal's marks.

After a write of unknown fate, the operator is told to run the same command again. Another command
may come first, and find that the write was applied. It keeps a record here for the repetition.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.delivery.processor import Sent
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.services.ports import JournalPort

REPEATED_WITHIN = timedelta(hours=24)
"""After this, the same command is a new wish."""


class UnreportedWrites:
    """Writes that another command found to be applied, each kept until its sender hears of it."""

    def __init__(self, journal: JournalPort, balance: str) -> None:
        # Journals already have a mark of this name, so it stays.
        self._journal, self._mark = journal, f"{balance} untold"

    def find(self, wish: str, now: datetime) -> Sent | None:
        """The write for that wish which was applied already."""
        found = sent_of(self._all().get(wish))
        return found if found and now - found.at < REPEATED_WITHIN else None

    def add(self, sent: Sent) -> None:
        """Keep an applied write until its sender hears of it."""
        self._journal.set_mark(self._mark, self._all() | {sent.wish: body_of(sent)})

    def remove(self, sent: Sent) -> None:
        """Drop a write whose sender hears of it now."""
        left = {wish: body for wish, body in self._all().items() if body["key"] != sent.key}
        if len(left) < len(self._all()):
            self._journal.set_mark(self._mark, left)

    def _all(self) -> dict[str, Any]:
        return self._journal.mark(self._mark) or {}


def sent_of(body: Mapping[str, Any] | None) -> Sent | None:
    """The write that a mark's body holds; None if the body is empty."""
    if not body:
        return None
    before, after = Decimal(body["before"]), Decimal(body["after"])
    return Sent(body["key"], body["wish"], before, after, datetime.fromisoformat(body["at"]))


def body_of(sent: Sent) -> dict[str, Any]:
    """The write as the body of a mark."""
    return {
        "key": sent.key,
        "wish": sent.wish,
        "before": format_ducats(sent.before),
        "after": format_ducats(sent.after),
        "at": sent.at.isoformat(),
    }
