"""`cascade` alone: how the shop stands and what to do next; not set up, the two ways to begin."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cascade_cli.cli.app import COMMANDS
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.domain.shop.times import format_moment, format_span
from cascade_cli.errors import CascadeError, ExitCode
from cascade_cli.settings import AIRTABLE_BASE, AIRTABLE_KEY, STRIPE_KEY
from cascade_cli.wiring.journal import existing_journal

_STALE = timedelta(hours=36)
"""After that a nightly run was missed."""
_GRAVEST = 3
"""So many kinds have room in a line."""
_NEEDED = (STRIPE_KEY, AIRTABLE_KEY, AIRTABLE_BASE)


def alone(session: Session) -> Outcome:
    """Asks neither service, and makes no journal. Exit code 2 where no shop is set up: nothing was
    done."""
    values = session.found
    session.enter_sandbox(values)
    missing = [setting.name for setting in _NEEDED if not values.get(setting.name, "").strip()]
    if missing and not session.sandbox:
        return Outcome(None, lambda s: _write(s, _beginning(missing)), ExitCode.USAGE)
    standing = _standing(session, values)
    return Outcome(None, lambda s: _write(s, standing.lines(s, datetime.now(UTC))))


def _beginning(missing: list[str]) -> list[str]:
    yours = "init" if "init" in COMMANDS else "help setup"
    return [
        f"cascade is not set up here. {_named(missing)} not set.",
        "Two ways to begin:",
        "  cascade --sandbox reconcile --since 7d",
        "      a shop of its own on this machine, with a week of everything that goes wrong",
        f"  cascade {yours}",
        "      your own shop: the keys, the rights that they need, and a first look",
        "Every command: cascade --help",
    ]


def _named(settings: list[str]) -> str:
    """As many as a line has room for."""
    more = len(settings) - 1
    return f"{settings[0]} and {more} more are" if more else f"{settings[0]} is"


@dataclass(frozen=True)
class _Standing:
    """What the settings and the journal tell without asking anybody."""

    shop: str
    last: Checkpoint | None
    trouble: str = ""

    def lines(self, session: Session, now: datetime) -> list[str]:
        """Five of them."""
        return [
            f"shop      {self.shop}{session.settings_note if not session.sandbox else ''}",
            f"last run  {self._last_run(now)}",
            f"open      {self._open()}",
            f"next      {session.completed(self._next(now))}",
            "more      cascade --help for every command, cascade help for the manual",
        ]

    def _last_run(self, now: datetime) -> str:
        if self.trouble:
            return escape(f"not known: {self.trouble}")
        if self.last is None:
            return "none is recorded"
        age = format_span(now - self.last.until)
        return f"reconciled {format_moment(self.last.until)}, {age} ago"

    def _open(self) -> str:
        kinds = Counter(self.last.open.values() if self.last else ())
        named = [f"{kinds[k]} {k.words}" for k in Kind if k.is_discrepancy and kinds[k]]
        if self.last is None:
            return "not known"
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


def _standing(session: Session, values: Mapping[str, str]) -> _Standing:
    shop = "the sandbox" if session.sandbox else _shop(values)
    try:
        with existing_journal(session) as journal:
            runs = journal.marks(mark_name("")) if journal else {}
    except CascadeError as error:
        return _Standing(shop, None, error.message)
    base = values.get(AIRTABLE_BASE.name, "").strip()
    found = next(iter(runs.values()), None) if session.sandbox else runs.get(base)
    last = Checkpoint.of(found).believed(datetime.now(UTC)) if found else None
    return _Standing(shop, last)


def _shop(values: Mapping[str, str]) -> str:
    is_live = "_live_" in values[STRIPE_KEY.name]
    return escape(f"{'live' if is_live else 'test'}, base {values[AIRTABLE_BASE.name].strip()}")


def _write(_session: Session, lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
