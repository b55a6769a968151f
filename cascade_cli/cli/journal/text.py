"""Journal entries for people and for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.explain.entry_sentences import describe_entry
from cascade_cli.domain.records.journal_entries import Entry


def show_entries(
    console: Console, entries: Sequence[Entry], left: int, *, with_base: bool = False
) -> None:
    """Two lines each: when and what; then for which transfer (in which base), and who."""
    for entry in entries:
        head = Text(f"{entry.at:%Y-%m-%d %H:%M:%S}  #{entry.seq} ", "dim")
        head.append(entry.kind.value, "bold")
        console.print(head.append(f"  {escape(describe_entry(entry))}", "default"))
        who = f"by {escape(f'{entry.operator} at {entry.host}, {entry.command}')}"
        base = f"in {escape(entry.base)}" if with_base and entry.base else ""
        told = "  ".join(filter(None, (escape(entry.key), base, who)))
        console.print(Text(f"  {told}", "dim"))
    console.print(f"{len(entries)} entries (times in UTC).")
    if left:
        console.print(f"--limit left out {left} older ones.")


def entry_document(entry: Entry) -> dict[str, Any]:
    """All of an entry, with what its hash covers."""
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="microseconds"),
        "kind": entry.kind.value,
        "key": entry.key,
        "run": entry.run,
        "host": entry.host,
        "operator": entry.operator,
        "command": entry.command,
        "body": dict(entry.body),
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
        "base": entry.base,
    }


def write_lines(entries: Iterable[Entry], out: TextIO | None = None) -> int:
    """One JSON object a line; returns how many."""
    number = 0
    for number, entry in enumerate(entries, 1):  # noqa: B007 - the last one is the count
        (out or sys.stdout).write(json.dumps(entry_document(entry)) + "\n")
    return number
