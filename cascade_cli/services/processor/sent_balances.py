"""Balances that were sent and whose sender never heard what became of them, in the journal's marks.

Somebody whose write had an unknown fate is told to run the same command again. Another command
may come first, and find that the write was applied: then that stays on record for the repetition.
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
"""Later the same words are a new wish."""


class Untold:
    """Writes found to have been applied by whoever came first, each until its sender hears."""

    def __init__(self, journal: JournalPort, balance: str) -> None:
        self._journal, self._mark = journal, f"{balance} untold"

    def find(self, wish: str, now: datetime) -> Sent | None:
        """The write for that wish which came already."""
        found = sent_of(self._all().get(wish))
        return found if found and now - found.at < REPEATED_WITHIN else None

    def add(self, sent: Sent) -> None:
        """Its sender has not heard that it came."""
        self._journal.set_mark(self._mark, self._all() | {sent.wish: body_of(sent)})

    def remove(self, sent: Sent) -> None:
        """Its sender hears it now."""
        left = {wish: body for wish, body in self._all().items() if body["key"] != sent.key}
        if len(left) < len(self._all()):
            self._journal.set_mark(self._mark, left)

    def _all(self) -> dict[str, Any]:
        return self._journal.mark(self._mark) or {}


def sent_of(body: Mapping[str, Any] | None) -> Sent | None:
    """As it was remembered; None of an empty body."""
    if not body:
        return None
    before, after = Decimal(body["before"]), Decimal(body["after"])
    return Sent(body["key"], body["wish"], before, after, datetime.fromisoformat(body["at"]))


def body_of(sent: Sent) -> dict[str, Any]:
    """As it is remembered."""
    return {
        "key": sent.key,
        "wish": sent.wish,
        "before": format_ducats(sent.before),
        "after": format_ducats(sent.after),
        "at": sent.at.isoformat(),
    }
