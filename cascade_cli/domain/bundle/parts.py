"""The parts of a bundle. A value that is not a `Shape` is replaced by a stand-in later."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cascade_cli.domain.bundle.stand_ins import Shape
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.doctor.airtable import BaseSchema, Column
from cascade_cli.domain.doctor.findings import Check, count_levels
from cascade_cli.domain.records.journal_entries import Entry, EntryKind, Fate
from cascade_cli.domain.records.stripe_events import EventState

MOST_RUNS = 20
_DURATION = re.compile(r"[0-9]{1,6}[smhdw]")
_RATE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?")
_SCHEDULE = re.compile(
    r"every [0-9]{1,4}[smhd]|([0-9]{2}:[0-9]{2},?){1,24} [A-Z][A-Za-z]+/[A-Z][A-Za-z_]+"
)
_SWITCH = re.compile(r"[01]")
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}[a-z0-9.+]{0,12}")
_KEY_MODE = re.compile(r"([rs]k_(?:test|live))_.*")
_DATABASE = re.compile(r"(sqlite|postgres(?:ql)?)(?:\+[a-z0-9]+)?:.*")
_FILE = re.compile(r"[A-Za-z0-9_./-]+\.py")
_CODE = re.compile(r"[A-Za-z_<>][\w.<>]*")


@dataclass(frozen=True)
class Bundle:
    """What goes into the archive: the parts, ready for JSON, and why others were left out."""

    made_at: datetime
    parts: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GivenSetting:
    """One setting. `source` is where it was found; `value` is empty if it is not set."""

    name: str
    source: str
    value: str
    default: str
    is_secret: bool


@dataclass(frozen=True)
class Activity:
    """What the journal knows.

    `entries` are the newest, `total` is the number of all. `events` counts the webhook's events by
    state. `left_open` are the kinds that the last complete reconciliation left open.
    """

    entries: Sequence[Entry]
    total: int
    events: Mapping[EventState, int]
    attention: Sequence[tuple[str, str]] = ()
    """Type and reason of each event that needs a person."""
    last_complete: datetime | None = None
    left_open: Sequence[str] = ()


@dataclass(frozen=True)
class StateFile:
    """A file in the state folder; `name` is empty for one that cascade does not know."""

    name: str
    size: int
    mode: int


def doctor_part(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks, in the form of `doctor --json`."""
    return {
        "checks": [
            {
                "area": Shape(check.area),
                "code": Shape(check.code),
                "name": check.name,
                "level": Shape(check.level.value),
                "found": check.found,
                "why": check.why or None,
                "advice": check.advice or None,
            }
            for check in checks
        ],
        "counts": {level.value: Shape(number) for level, number in count_levels(checks).items()},
    }


def settings_part(given: Iterable[GivenSetting], *, sandbox: bool) -> dict[str, Any]:
    """The settings that have a value. Durations, rates, schedules and our own words stay.

    A secret only shows that it is set, a Stripe key also its mode, and a database address its sort.
    """
    return {
        "sandbox": sandbox,
        "settings": [
            {
                "name": Shape(each.name),
                "from": Shape(each.source),
                "value": _value(each),
            }
            for each in given
            if each.value.strip()
        ],
    }


def _value(given: GivenSetting) -> Any:
    value = given.value.strip()
    # Secrets first: one may have the form of a value that stays.
    if given.is_secret:
        kind = _KEY_MODE.fullmatch(value) or _DATABASE.fullmatch(value)
        return Shape(f"set ({kind[1]}…)" if kind else "set")
    if value == given.default:
        return Shape("the default")
    if any(form.fullmatch(value) for form in _forms(given.name)):
        return Shape(value)
    return value


def _forms(name: str) -> tuple[re.Pattern[str], ...]:
    if name.endswith("_RATE"):
        return (_RATE,)
    if name.endswith("_SANDBOX"):
        return (_SWITCH,)
    timed = ("_GRACE", "_LIFETIME", "_MAX_AGE", "_SCHEDULE")
    return (_DURATION, _SCHEDULE) if name.endswith(timed) else ()


def schema_part(schema: BaseSchema | None) -> dict[str, Any]:
    """The tables and fields that cascade needs. The others are only counted."""
    if schema is None:
        return {"tables": None}
    needed = {need.table for need in schema.required}
    known = {(need.table, need.field): need.options for need in schema.required}
    tables = [
        {
            "name": Shape(table),
            "fields": [
                _field(name, column, known[table, name])
                for name, column in columns.items()
                if (table, name) in known
            ],
            "other_fields": _counted(
                column.type
                for name, column in columns.items()
                if (table, name) not in known and _CODE.fullmatch(column.type)
            ),
        }
        for table, columns in schema.tables.items()
        if table in needed
    ]
    return {
        "tables": tables,
        "missing_tables": [Shape(name) for name in sorted(needed - schema.tables.keys())],
        "other_tables": Shape(len(schema.tables.keys() - needed)),
        "missing_fields": [
            Shape(f"{table}.{name}")
            for table, name in known
            if table in schema.tables and name not in schema.tables[table]
        ],
    }


def _field(name: str, column: Column, needed: Sequence[str]) -> dict[str, Any]:
    options = column.options
    missing = [] if options is None else [option for option in needed if option not in options]
    return {
        "name": Shape(name),
        "type": _code(column.type),
        "is_computed": column.is_computed,
        "options": None if options is None else Shape(len(options)),
        "missing_options": Shape(", ".join(missing)) if missing else None,
    }


def runs_part(activity: Activity | None) -> dict[str, Any]:
    """The last commands that wrote to the journal, and what the journal holds."""
    if activity is None:
        return {"journal": None}
    return {
        "last_complete_reconcile": {
            "until": activity.last_complete,
            "open": _counted(kind for kind in activity.left_open if kind in set(Kind)),
        },
        "webhook_events": _counted_as(activity.events),
        "attention": [{"type": type_, "why": why} for type_, why in activity.attention],
        "entries": Shape(activity.total),
        "runs": [_run(entries) for entries in _by_run(activity.entries)[:MOST_RUNS]],
    }


def _by_run(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The entries grouped by run, the newest run first."""
    runs: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        runs.setdefault(entry.run, []).append(entry)
    return sorted(runs.values(), key=lambda run: run[-1].seq, reverse=True)


def _run(entries: Sequence[Entry]) -> dict[str, Any]:
    first, last = entries[0], entries[-1]
    fates = [e.body.get("fate") for e in entries if e.kind is EntryKind.OUTCOME]
    return {
        "run": first.run,
        "command": first.command,
        "operator": first.operator,
        "host": first.host,
        "base": first.base or None,
        "from": first.at,
        "to": last.at,
        "entries": _counted(entry.kind.value for entry in entries),
        "outcomes": _counted(str(fate) for fate in fates if fate in set(Fate)),
    }


def _counted(words: Iterable[str]) -> list[dict[str, Any]]:
    return _counted_as(Counter(words))


def _counted_as(numbers: Mapping[Any, int]) -> list[dict[str, Any]]:
    """Each word with its number. The words stay as they are, so they must be our own."""
    return [{"what": Shape(str(w)), "number": Shape(n)} for w, n in sorted(numbers.items())]


def sizes_part(
    files: Iterable[StateFile], free_bytes: int, settings_file: StateFile | None
) -> dict[str, Any]:
    """The size of each file that cascade keeps, and the free space."""
    listed = list(files)
    return {
        "state_folder": [_file(each) for each in listed if each.name],
        "other_files": Shape(sum(not each.name for each in listed)),
        "free_bytes": Shape(free_bytes),
        "settings_file": settings_file and _file(settings_file),
    }


def _file(file: StateFile) -> dict[str, Any]:
    return {
        "name": Shape(file.name),
        "bytes": Shape(file.size),
        "mode": Shape(f"{file.mode:04o}"),
    }


def timings_part(
    seconds: Mapping[str, float], requests: Mapping[str, int], total_seconds: float
) -> dict[str, Any]:
    """How long doctor took over each area, and how many requests it sent to each service."""
    return {
        "areas": [
            {"area": Shape(area), "seconds": Shape(round(took, 3))}
            for area, took in seconds.items()
        ],
        "requests": [{"service": Shape(s), "sent": Shape(n)} for s, n in requests.items()],
        "seconds": Shape(round(total_seconds, 3)),
    }


def versions_part(versions: Mapping[str, Any], libraries: Mapping[str, str]) -> dict[str, Any]:
    """The versions of cascade, Python, the system and the libraries."""
    told = {name: None if value is None else Shape(value) for name, value in versions.items()}
    listed = [{"name": Shape(n), "version": Shape(v)} for n, v in sorted(libraries.items())]
    return {**told, "libraries": listed}


def error_part(
    record: Mapping[str, Any] | None, bugs: Iterable[Sequence[Mapping[str, Any]]] = ()
) -> dict[str, Any]:
    """The last error that was kept, and exceptions that doctor did not foresee, with their causes.

    Sentences get stand-ins; types and places in code stay.
    """
    return {
        "error": record and _error(record),
        "doctor": [[_cause(each) for each in causes] for causes in bugs],
    }


def _error(record: Mapping[str, Any]) -> dict[str, Any]:
    code = record.get("exit_code")
    return {
        "at": record.get("at"),
        "command": record.get("command"),
        "version": _code(record.get("version"), _VERSION),
        "kind": record.get("kind"),
        "exit_code": Shape(code) if isinstance(code, int) else None,
        "message": record.get("message"),
        "hint": record.get("hint"),
        "causes": [_cause(each) for each in _listed(record.get("causes"))],
    }


def _cause(cause: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": _code(cause.get("type")),
        "text": cause.get("text"),
        "where": [
            {
                "file": _code(place.get("file"), _FILE),
                "line": Shape(place["line"]) if isinstance(place.get("line"), int) else None,
                "function": _code(place.get("function")),
            }
            for place in _listed(cause.get("where"))
        ],
    }


def _listed(found: Any) -> list[Mapping[str, Any]]:
    """The objects of a list. Somebody may have edited the file, so anything else is dropped."""
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _code(text: Any, form: re.Pattern[str] = _CODE) -> Any:
    """A name from source code stays, because source code is public."""
    return Shape(text) if isinstance(text, str) and form.fullmatch(text) else text
