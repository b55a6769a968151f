"""The journal for people and for scripts: its entries, and what a restore would do or has done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.terminal.console import to_type
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.explain.entry_sentences import describe_entry
from cascade_cli.domain.records.journal_entries import Entry
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import format_moment, rfc3339

if TYPE_CHECKING:
    from cascade_cli.domain.history.restored import RestorePlan, Risk
    from cascade_cli.services.journal.catch_up import CaughtUp

_MOST = 20


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
    console.print(f"{_entries(len(entries))} (times in UTC).")
    if left:
        console.print(f"--limit left out {format_count(left, 'older one')}.")


def entry_document(entry: Entry) -> dict[str, Any]:
    """All of an entry, with what its hash covers."""
    return {
        "seq": entry.seq,
        # Not by the second as elsewhere: the hash covers the microseconds.
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


def plan_document(plan: RestorePlan) -> dict[str, Any]:
    """The plan for scripts."""
    lost, head = plan.present.lost, plan.present.head
    return {
        "backup": {
            "head": str(plan.backup.head),
            "entries": plan.backup.head.entries,
            "last_entry_at": rfc3339(plan.backup.at) if plan.backup.at else None,
        },
        "journal": {
            "head": str(head) if head else None,
            "damage": plan.present.damage or plan.present.flaw or None,
        },
        "goes_back": plan.goes_back,
        "missing_heads": [str(head) for head in plan.missing],
        "forgotten": {
            "since": rfc3339(plan.since),
            "entries": lost.entries if lost else None,
            "promises": sorted(lost.promises) if lost else None,
            "undecided": sorted(lost.undecided) if lost else None,
            "decisions": sorted(lost.decisions) if lost else None,
            "events": lost.events if lost else None,
        },
        "at_risk": [] if plan.is_done else [risk.document() for risk in plan.risks],
    }


def show_plan(console: Console, plan: RestorePlan, *, is_done: bool = False) -> None:
    """Print what the backup holds, which journal is there, and what is or would be forgotten."""
    until = f" until {format_moment(plan.backup.at)}" if plan.backup.at else ""
    entries = plan.backup.head.entries or 0
    console.print(f"Backup: {_entries(entries)}{until}, intact.")
    console.print(escape(f"Journal{' before' if is_done else ''}: {plan.present.described}."))
    if plan.is_done:
        console.print("The journal holds exactly what the backup holds. Nothing was changed.")
        return
    console.print(f"{'Forgotten' if is_done else 'Would be forgotten'}: {plan.forgets}.")
    for head in plan.missing:
        console.print("A head that was reported earlier is not in the backup:")
        console.print(f"  {head}", soft_wrap=True)
    for risk in plan.risks:
        _show_risk(console, risk)


def show_restored(console: Console, kept: str | None) -> None:
    """Print that the journal is restored, and where the earlier one is kept."""
    if kept:
        console.print(escape(f"The earlier journal is kept: {kept}"), soft_wrap=True)
    console.print("The journal is restored and verified.")


def _show_risk(console: Console, risk: Risk) -> None:
    hanging = fill(
        escape(risk.sentence), console.width, initial_indent="- ", subsequent_indent="  "
    )
    console.print(hanging, soft_wrap=True)
    if risk.command:
        console.print(to_type(console, risk.command), soft_wrap=True)


def caught_up_document(found: CaughtUp) -> dict[str, Any]:
    """What `catch-up` found, for scripts."""
    return {
        "since": rfc3339(found.since),
        "rows": found.rows,
        "taken_over": [
            {
                "key": one.intent.key,
                "citizen": one.intent.citizen,
                "ducats": format_ducats(one.intent.ducats),
                "at": rfc3339(one.at),
            }
            for one in found.taken_over
        ],
        "unreadable": [row.name for row in found.unreadable],
    }


def show_caught_up(console: Console, found: CaughtUp | None) -> None:
    """What `catch-up` found, for people."""
    if found is None:
        console.print("The journal has nothing to catch up with.")
        return
    since, taken = format_moment(found.since), len(found.taken_over)
    rows = format_count(found.rows, "transfer")
    console.print(f"Caught up: read {rows} since {since} or shortly before.")
    if taken:
        console.print(f"{format_count(taken, 'promise')} written down again:")
    for one in found.taken_over[:_MOST]:
        intent = one.intent
        console.print(
            escape(f"  {intent.key}: {format_ducats(intent.ducats)} ducats, {intent.citizen!r}"),
            soft_wrap=True,
        )
    if taken > _MOST:
        console.print(f"  and {taken - _MOST:,} more, in the journal:")
        console.print(to_type(console, "cascade journal list --since 1h"))
    for row in found.unreadable:
        console.print(escape(f"{row.name} does not say who gets how much: look at it by hand."))
    console.print("Read the report before anything is repaired:")
    console.print(to_type(console, "cascade reconcile"))


def _entries(number: int) -> str:
    return format_count(number, "entry", "entries")
