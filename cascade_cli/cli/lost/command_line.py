"""Finds the line that was probably meant by one that cascade cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from cascade_cli.cli.completion.line import Line, Table
from cascade_cli.domain.shop.keys import IdKind, kind_of_id
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import UsageError

_MEANT = {
    **dict.fromkeys(("repair", "fix"), ("reconcile", "--repair")),
    **dict.fromkeys(("check", "audit", "run", "report", "cases"), ("reconcile",)),
    **dict.fromkeys(("decide", "close", "accept", "snooze"), ("resolve",)),
    **dict.fromkeys(("balance", "processor"), ("citizen", "show")),
    **dict.fromkeys(("log", "history", "entries"), ("journal", "list")),
    **dict.fromkeys(("transfers", "transfer"), ("stratagem", "list")),
    **dict.fromkeys(("webhooks", "webhook"), ("events", "list")),
    **dict.fromkeys(("manual", "man", "topics"), ("help",)),
    **dict.fromkeys(("prices", "price", "packages"), ("pricing",)),
    **dict.fromkeys(("sell", "buy"), ("checkout",)),
    "deliver": ("credit",),
    "server": ("serve",),
    "version": ("--version",),
}
"""Words that people try, and the command that does it."""


def corrected(words: Sequence[str]) -> UsageError | None:
    """What is wrong, with the line to type. None if it cannot be guessed."""
    return _misplaced(words) or _unknown(words)


def _misplaced(words: Sequence[str]) -> UsageError | None:
    """The error for global options after the command. They move to the front, with their values."""
    line = Line(Table(), [])
    moved: list[str] = []
    kept: list[str] = []
    into = kept
    for word in words:
        is_value = bool(line.waiting)
        line.take(word)
        # A value follows its option, wherever that goes.
        if not is_value:
            into = moved if _is_misplaced(line, word.partition("=")[0]) else kept
        into.append(word)
    if not moved:
        return None
    named = [word.partition("=")[0] for word in moved if word[:1] == "-"]
    verb = "belongs" if len(named) == 1 else "belong"
    what = f"{' and '.join(named)} {verb} before the command."
    return UsageError(what, f"Nothing was done. Type: {command(*moved, *kept)}")


def _is_misplaced(line: Line, spelling: str) -> bool:
    is_behind = bool(line.command) and not line.is_past_options
    return is_behind and spelling in line.table.options("") and spelling not in line.options


def _unknown(words: Sequence[str]) -> UsageError | None:
    """The error for a command that does not exist."""
    line = Line(Table(), [])
    for at, word in enumerate(words):
        line.take(word)
        if line.position and line.table.commands(line.command):
            if found := _replacement(line, word):
                typed = command(*words[:at], *found, *words[at + 1 :])
                return UsageError(f"No such command {word!r}.", f"Did you mean: {typed}")
            return None
    return None


def _replacement(line: Line, word: str) -> Sequence[str]:
    """The words to type in place of the unknown one."""
    known = line.table.commands(line.command)
    if not line.command:
        if word in _MEANT:
            return _MEANT[word]
        if _is_id(word):
            return ("explain", word)
        if inner := [path for path in line.table.paths if path.split()[1:] == [word]]:
            return inner[0].split()
    return get_close_matches(word, known, 1)


def _is_id(word: str) -> bool:
    try:
        return kind_of_id(word) is not IdKind.NAME or word.startswith("cascade_")
    except ValueError:
        return False
