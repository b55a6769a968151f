"""Doctor's findings as text and as JSON. Their marks are words, so they need no colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.doctor.findings import TITLES, UNCHECKED, Check, Level, count_levels

MARKS = {Level.GREEN: "ok", Level.AMBER: "AMBER", Level.RED: "RED"}
STYLES = {Level.GREEN: "green", Level.AMBER: "bold yellow", Level.RED: "bold red"}
MARK_WIDTH, NAME_WIDTH, GAP = 5, 22, 2
# On narrower screens the name precedes the text instead of having a column.
NARROW = 100
NEW_LINE = "\n  "
_UNCHECKED = {finding.code for finding in UNCHECKED.values()}
LEFT_OUT = (
    "Doctor only reads: whether a key may write is not known before its first write. "
    "A webhook's secret cannot be compared, because Stripe never shows it again."
)


def document(session: Session, checks: Sequence[Check]) -> dict[str, Any]:
    """`data` of --json."""
    levels = count_levels(checks)
    return {
        "checks": [
            {
                "area": check.area,
                "code": check.code,
                "name": check.name,
                "level": check.level.value,
                "found": session.redacted(check.found),
                "why": check.why or None,
                "advice": check.advice or None,
            }
            for check in checks
        ],
        "counts": {level.value: number for level, number in levels.items()},
    }


def show(session: Session, checks: Sequence[Check], left_out: str = LEFT_OUT) -> None:
    """Findings that are fine are only counted, unless -v is given. The worst come last."""
    console = session.console()
    by_level = {level: [check for check in checks if check.level is level] for level in Level}
    fine = by_level[Level.GREEN]
    if session.verbose:
        _show_areas(session, console, fine)
    elif fine:
        console.print(Text(f"{len(fine)} fine: {_counted(fine)}.", "green"))
    console.print(Text(session.completed(left_out), "dim"))
    _show_areas(session, console, [*by_level[Level.AMBER], *by_level[Level.RED]])
    console.print(_verdict(checks))


def _counted(checks: Sequence[Check]) -> str:
    numbers = Counter(check.area for check in checks)
    return ", ".join(f"{TITLES[area]} {number}" for area, number in numbers.items())


def _show_areas(session: Session, console: Console, checks: Sequence[Check]) -> None:
    for area, listed in groupby(checks, key=lambda check: check.area):
        console.print(Text(TITLES[area], "bold"))
        console.print(_table(session, list(listed), is_narrow=console.width < NARROW))


def _table(session: Session, checks: Sequence[Check], *, is_narrow: bool) -> Table:
    table = Table.grid(padding=(0, GAP, 0, 0))
    table.add_column(width=MARK_WIDTH, no_wrap=True)
    if not is_narrow:
        table.add_column(width=NAME_WIDTH, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    for check in checks:
        mark = Text(MARKS[check.level], STYLES[check.level])
        name, told = Text(escape(check.name)), _check_text(session, check)
        cells = [name.append(": ").append_text(told)] if is_narrow else [name, told]
        table.add_row(mark, *cells)
    return table


def _check_text(session: Session, check: Check) -> Text:
    text = Text(escape(session.redacted(session.completed(check.found))))
    # A check that could not run has no advice of its own: the finding that prevented it has.
    if check.level is Level.GREEN or check.code in _UNCHECKED:
        return text
    if check.why:
        text.append(f"\n{escape(session.completed(check.why))}", "dim")
    if check.advice:
        advice = escape(session.redacted(session.completed(check.advice)))
        # On a line of its own a command is rarely folded, so it can be copied.
        text.append(f"\n→ {advice.replace(': cascade ', f':{NEW_LINE}cascade ')}", "bold")
    return text


def _verdict(checks: Sequence[Check]) -> Text:
    levels = count_levels(checks)
    counted = f"{levels[Level.RED]} red, {levels[Level.AMBER]} amber, {levels[Level.GREEN]} ok."
    if levels[Level.RED]:
        return Text(f"{counted} Something fails, or will: begin with the first red.", "bold red")
    if levels[Level.AMBER]:
        return Text(f"{counted} It works; look at the amber when there is time.", "bold yellow")
    return Text(f"{counted} All is well.", "bold green")
