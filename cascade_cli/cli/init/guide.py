"""Questions to the person who sets a shop up. All of it goes to stderr; a key is never shown."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import AbstractContextManager

import typer
from rich.text import Text

from cascade_cli.cli.doctor.text import MARKS, STYLES
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.doctor.findings import TITLES, UNCHECKED, Check, Level

_UNCHECKED = {finding.code for finding in UNCHECKED.values()}
_DISPLAYS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


class Guide:
    """Says and asks. Ctrl-C and Ctrl-D end the command, as everywhere (KeyboardInterrupt)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def tell(self, *lines: str, style: str = "") -> None:
        """Lines for people."""
        console = self._session.console(stderr=True)
        for line in lines:
            told = self._session.redacted(self._session.completed(line))
            console.print(Text(escape(told), style), soft_wrap=len(line) <= console.width)

    def trying(self) -> AbstractContextManager[object]:
        """Shows progress on the screen while a service is asked."""
        return self._session.console(stderr=True).status("trying it")

    def ask(self, question: str, default: str = "") -> str:
        """One line, trimmed; the default for an empty one."""
        return self._typed(f"  {question}", default=default, shown=True)

    def ask_hidden(self, question: str) -> str:
        """One line that does not appear on the screen, trimmed; may be empty."""
        return self._typed(f"  {question}", default="", shown=False)

    def agrees(self, question: str, *, default: bool) -> bool:
        """Yes or no."""
        try:
            return typer.confirm(f"  {question}", default=default, err=True)
        except typer.Abort:
            raise KeyboardInterrupt from None

    def choose(self, question: str, words: Sequence[str], default: str) -> str:
        """One of the words, or the beginning of one."""
        while True:
            typed = self.ask(f"{question} ({', '.join(words)})", default).lower()
            found = [word for word in words if typed and word.startswith(typed)]
            if len(found) == 1:
                return found[0]
            self.tell(f"  Type one of: {', '.join(words)}.")

    def open(self, address: str) -> None:
        """The page in the person's browser, if there is one; else they are told to open it."""
        # Without a screen, Python would start a text browser in this very terminal.
        has_screen = sys.platform == "darwin" or any(map(os.environ.get, _DISPLAYS))
        if not (has_screen and webbrowser.open(address)):
            self.tell(f"  No browser can be opened from here. Open it yourself: {address}")

    def show(self, checks: Sequence[Check], *, fine: bool = True) -> None:
        """What doctor's probes found: what is `fine` in a line for each area, then the rest."""
        by_area: dict[str, list[Check]] = {}
        for check in (c for c in checks if fine and c.level is Level.GREEN):
            by_area.setdefault(check.area, []).append(check)
        for area, listed in by_area.items():
            self._line(Level.GREEN, f"{TITLES[area]}: {_together(listed)}")
        for check in (c for c in checks if c.level is not Level.GREEN):
            if check.code not in _UNCHECKED:
                self._line(check.level, f"{check.name}: {check.found}")
                self._line(None, f"→ {check.advice}" if check.advice else "")

    def _line(self, level: Level | None, text: str) -> None:
        if not text:
            return
        from rich.table import Table  # noqa: PLC0415 - only for a person

        session = self._session
        told = escape(session.redacted(session.completed(text)))
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=7, no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        mark = Text(f"  {MARKS[level]}", STYLES[level]) if level else Text()
        table.add_row(mark, Text(told))
        session.console(stderr=True).print(table)

    def _typed(self, question: str, *, default: str, shown: bool) -> str:
        try:
            typed = typer.prompt(
                question,
                default=default,
                show_default=bool(default),
                hide_input=not shown,
                err=True,
            )
        except typer.Abort:
            raise KeyboardInterrupt from None
        return str(typed).strip()


def _together(checks: Sequence[Check]) -> str:
    """`granted: Charges, PaymentIntents`; if more than one thing was seen, the first two."""
    names = ", ".join(check.name.removeprefix("read ") for check in checks)
    if checks[0].area == "schema":
        return f"all needed fields are there: {names}"
    seen = list(dict.fromkeys(check.found for check in checks))
    return f"{seen[0]}: {names}" if len(seen) < len(checks) else "; ".join(seen[:2])
