"""`cascade` without a command: how the shop stands and what to do next.

If no shop is set up, it names the two ways to begin.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.domain.shop.times import format_moment, format_span
from cascade_cli.errors import CascadeError, ExitCode
from cascade_cli.settings import AIRTABLE_BASE, AIRTABLE_KEY, STRIPE_KEY
from cascade_cli.wiring.journal import existing_journal

_STALE = timedelta(hours=36)
"""If the last run is older, a nightly run was missed."""
_GRAVEST = 3
"""How many kinds fit into a line."""
_NEEDED = (STRIPE_KEY, AIRTABLE_KEY, AIRTABLE_BASE)


def alone(session: Session) -> Outcome:
    """How the shop stands. Asks neither service and makes no journal.

    Exit code 2 if no shop is set up.
    """
    values = session.found
    session.enter_sandbox(values)
    missing = [setting.name for setting in _NEEDED if not values.get(setting.name, "").strip()]
    if missing and not session.sandbox:
        return Outcome(None, lambda _session: _write(_ways_to_begin(missing)), ExitCode.USAGE)
    summary = _shop_summary(session, values)
    return Outcome(None, lambda s: _write(summary.lines(s, datetime.now(UTC))))


def _ways_to_begin(missing: list[str]) -> list[str]:
    return [
        f"cascade is not set up here. {_count_missing(missing)} not set.",
        "Two ways to begin:",
        "  cascade --sandbox reconcile --since 7d",
        "      a shop to try on this machine: a week in which everything goes wrong",
        "  cascade init",
        "      your own shop: asks for its keys, tries each, and writes one profile",
        "Every command: cascade --help",
    ]


def _count_missing(settings: list[str]) -> str:
    """The first setting by name, the others as a number, so that they fit into a line."""
    more = len(settings) - 1
    return f"{settings[0]} and {more} more are" if more else f"{settings[0]} is"


@dataclass(frozen=True)
class _ShopSummary:
    """What settings and journal say without a request to any service."""

    shop: str
    last: Checkpoint | None
    trouble: str = ""

    def lines(self, session: Session, now: datetime) -> list[str]:
        """The five lines of the screen."""
        return [
            f"shop      {self.shop}{session.settings_note if not session.sandbox else ''}",
            f"last run  {self._last_run(now)}",
            f"open      {self._open()}",
            f"next      {session.completed(self._next(now))}",
            "more      cascade --help for every command, cascade help for the manual",
        ]

    def _last_run(self, now: datetime) -> str:
        if self.trouble:
            return escape(f"unknown: {self.trouble}")
        if self.last is None:
            return "none"
        age = format_span(now - self.last.until)
        return f"reconciled {format_moment(self.last.until)}, {age} ago"

    def _open(self) -> str:
        kinds = Counter(self.last.open.values() if self.last else ())
        named = [f"{kinds[k]} {k.words}" for k in Kind if k.is_discrepancy and kinds[k]]
        if self.last is None:
            return "unknown"
        more = len(named) - _GRAVEST
        rest = f", and {more} other kinds" if more > 1 else ", ".join(["", *named[_GRAVEST:]])
        return ", ".join(named[:_GRAVEST]) + rest or "nothing"

    def _next(self, now: datetime) -> str:
        if self.trouble:
            return "cascade doctor"
        if self.last is None:
            return "cascade reconcile --since 7d"
        if now - self.last.until > _STALE:
            return "cascade reconcile --since last"
        has_open = any(Kind(kind).is_discrepancy for kind in self.last.open.values())
        return "cascade review" if has_open else "cascade status"


def _shop_summary(session: Session, values: Mapping[str, str]) -> _ShopSummary:
    shop = "the sandbox" if session.sandbox else _shop(values)
    try:
        with existing_journal(session) as journal:
            runs = journal.marks(mark_name("")) if journal else {}
    except CascadeError as error:
        return _ShopSummary(shop, None, error.message)
    base = values.get(AIRTABLE_BASE.name, "").strip()
    # The sandbox has a journal of its own, with one base. Several shops may share a journal.
    found = next(iter(runs.values()), None) if session.sandbox else runs.get(base)
    last = Checkpoint.of(found).trusted(datetime.now(UTC)) if found else None
    return _ShopSummary(shop, last)


def _shop(values: Mapping[str, str]) -> str:
    is_live = "_live_" in values[STRIPE_KEY.name]
    return escape(f"{'live' if is_live else 'test'}, base {values[AIRTABLE_BASE.name].strip()}")


def _write(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
