"""Writes the table of everything that can be typed, from Typer's declarations.

`python -m cascade_cli.cli.completion.table` writes it again. A Tab reads the table instead of
Typer: see `line`. If you add an option whose values can be offered, name their source in SOURCES.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cascade_cli.cli.app import COMMANDS, GROUPS, app_for
from cascade_cli.cli.completion.answer import SHELLS
from cascade_cli.cli.completion.line import FILE
from cascade_cli.cli.help.topics import topics
from cascade_cli.cli.sandbox.billing import STEPS
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.history.verification import Depth
from cascade_cli.domain.records.stripe_events import DISPUTING_TYPES, PAYING_TYPES, REFUNDING_TYPES
from cascade_cli.domain.selling.pricing import DESIGN_PACKAGES
from cascade_cli.sandbox.seed import SCENARIOS
from cascade_cli.sandbox.stripe.resources import disputes, refunds
from cascade_cli.sandbox.venice.access import FAIL_POINTS, KILL_POINTS
from cascade_cli.services.reconcile.transfers import STATES_WITHOUT_STATUS, STATUSES

Row = dict[str, str]
"""`help`, and if it takes a value `value`: a list of VALUES, a source of `journal_values`, `files`,
`folders`, or `text` if nothing can be offered. An option may have `same`, its long spelling, and
`many` if it may be repeated."""

VALUES: dict[str, dict[str, str]] = {
    "kinds": {kind.value: "" for kind in Kind},
    "topics": {topic.name: topic.title for topic in topics()} | COMMANDS | GROUPS,
    "shells": dict.fromkeys(SHELLS, ""),
    "depths": dict.fromkeys(Depth, ""),
    "event types": dict.fromkeys(sorted(PAYING_TYPES | REFUNDING_TYPES | DISPUTING_TYPES), ""),
    "packages": {p.name: f"{p.ducats + p.bonus} ducats" for p in DESIGN_PACKAGES},
    "statuses": dict.fromkeys((*STATUSES, *STATES_WITHOUT_STATUS), ""),
    "scenarios": dict.fromkeys(SCENARIOS, ""),
    "citizen steps": dict.fromkeys(("add", "remove", "rename", "stipend"), ""),
    "billing steps": dict.fromkeys(STEPS, ""),
    "fail points": dict.fromkeys(FAIL_POINTS, ""),
    "kill points": dict.fromkeys(KILL_POINTS, ""),
    "refund statuses": dict.fromkeys(refunds.STATUSES, ""),
    "dispute statuses": dict.fromkeys(disputes.STATUSES, ""),
    "preventions": dict.fromkeys(disputes.PREVENTIONS, ""),
    "windows": {"24h": "", "7d": "", "30d": ""},
    "windows or last": {"last": "since the last complete run", "24h": "", "7d": "", "30d": ""},
}
"""Lists of values that are the same for every shop."""

SOURCES = {
    "--kind": "kinds",
    "--citizen": "citizens",
    "citizen": "citizens",
    "checkout --from": "citizens",
    "--payment": "payments",
    "payment": "payments",
    "case": "cases",
    "explain identity": "cases or citizens",
    "stratagem status identity": "transfers",
    "stratagem watch identity": "transfers",
    "--settled-by": "transfers",
    "--key": "keys",
    "--credit": "number or nothing",
    "--take-back": "number or nothing",
    "--package": "packages",
    "--since": "windows",
    "reconcile --since": "windows or last",
    "--type": "event types",
    "--profile": "profiles",
    "--verify": "depths",
    "stratagem list --status": "statuses",
    "topic": "topics",
    "shell": "shells",
    "sandbox seed --scenario": "scenarios",
    "sandbox run-engine --fail-at": "fail points",
    "sandbox run-engine --kill-after": "kill points",
    "sandbox run-engine --only": "transfers",
    "sandbox citizen step": "citizen steps",
    "sandbox citizen name": "citizens",
    "sandbox subscription step": "billing steps",
    "sandbox capture identity": "payments",
    "sandbox refund identity": "payments",
    "sandbox refund --status": "refund statuses",
    "sandbox dispute identity": "payments",
    "sandbox dispute --status": "dispute statuses",
    "sandbox dispute --prevented-by": "preventions",
}
"""Where the values of an option or argument come from. A name with its command counts there alone;
a bare name counts in every command."""


def table() -> dict[str, Any]:
    """The whole table. Each command, option and argument has a row."""
    command: Any = typer.main.get_command(app_for([*COMMANDS, *GROUPS]))
    return {"values": VALUES, "rows": dict(_rows("", command))}


def text() -> str:
    """The file's content: one line for each row, so that two changes seldom conflict."""
    rows = ",\n".join(f"{json.dumps(name)}: {_line(row)}" for name, row in table()["rows"].items())
    values = ",\n".join(f"{json.dumps(name)}: {_line(one)}" for name, one in VALUES.items())
    return f'{{"rows": {{\n{rows}\n}},\n"values": {{\n{values}\n}}}}\n'


def _line(row: dict[str, str]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _rows(path: str, command: Any) -> Iterator[tuple[str, Row]]:
    if path:
        yield path, {"help": _sentence(command.help)}
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    for position, one in enumerate(arguments):
        row = {"value": _source(path, one.name, one)}
        # nargs is negative if the argument may be repeated.
        yield f"{path}|{'*' if one.nargs < 0 else position}", row
    for one in (one for one in command.params if one not in arguments):
        for spelling in one.opts:
            yield f"{path}|{spelling}", _option(path, spelling, one)
    yield f"{path}|--help", {"help": "Show the help and exit."}
    for name, child in getattr(command, "commands", {}).items():
        yield from _rows(f"{path} {name}".strip(), child)


def _option(path: str, spelling: str, option: Any) -> Row:
    row = {"help": _sentence(option.help)}
    if spelling != option.opts[0]:
        row["same"] = option.opts[0]
    if not option.is_flag:
        row["value"] = _source(path, option.opts[0], option)
    return row | ({"many": "yes"} if option.multiple else {})


def _source(path: str, name: str, parameter: Any) -> str:
    if found := SOURCES.get(f"{path} {name}") or SOURCES.get(name):
        return found
    if parameter.type_descriptor.annotation is not Path:
        return "text"
    return "folders" if parameter.metavar == "DIR" else "files"


def _sentence(text: str | None) -> str:
    """The first paragraph of a help text, on one line."""
    return " ".join((text or "").split("\n\n")[0].split())


if __name__ == "__main__":
    Path(FILE).write_text(text(), encoding="utf-8")
