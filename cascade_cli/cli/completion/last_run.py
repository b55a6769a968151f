"""Ids and citizens for a Tab, from the journal: the last complete run, and the newest promises.

Importing the journal's adapter with SQLAlchemy takes a quarter of a second. So this module reads
the journal's file directly, read-only and without waiting for a lock. A journal in a database
server is not read. What is found is only offered; nothing is decided by it.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing

_NEWEST_CLAIMS = 500
_NAMES = ("CASCADE_STATE_DIR", "CASCADE_JOURNAL_URL", "CASCADE_SANDBOX", "AIRTABLE_BASE_ID")


def remembered(
    source: str, kinds: Sequence[str], given: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """The words of that source, each with its description; none if nothing can be read.

    `kinds` are all kinds, the gravest first. `given` are the options on the line, which say which
    shop is meant.
    """
    try:
        if source == "profiles":
            return dict.fromkeys(_profiles(), "")
        if _goes_by_profile(given, environ):
            return {}
        journal = _journal(kinds, settings_of(given, environ))
        return _SOURCES[source](journal) if journal else {}
    except (OSError, RuntimeError, ValueError, TypeError, AttributeError, KeyError, sqlite3.Error):
        # A Tab has no place for an error: without a readable journal it offers nothing.
        return {}


class _Journal:
    """The parts of a journal that are offered.

    `cases` are those of the last run, the gravest first, each with its kind and citizen. `claims`
    are the newest StratagemIds, each with its citizen.
    """

    def __init__(self, file: str, base: str, kinds: Sequence[str]) -> None:
        place = file.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=0)) as opened:
            gravity = {kind: rank for rank, kind in enumerate(kinds)}
            found = list(_cases(opened, base))
            found.sort(key=lambda case: gravity.get(case[1][0], len(kinds)))
            self.cases = dict(found)
            self.claims = dict(_claims(opened, base))


def _cases(opened: sqlite3.Connection, base: str) -> Iterator[tuple[str, tuple[str, str]]]:
    statement = "SELECT body FROM cascade_marks WHERE name LIKE 'reconcile %' AND ? IN ('', base)"
    for (body,) in opened.execute(statement, (base,)):
        document = json.loads(body)
        # Runs of an older cascade did not record citizens.
        citizens = document.get("citizens", {})
        for name, kind in document["open"].items():
            yield name, (kind, citizens.get(name, ""))


def _claims(opened: sqlite3.Connection, base: str) -> Iterator[tuple[str, str]]:
    statement = "SELECT key, citizen FROM cascade_claims WHERE ? IN ('', base)"
    newest = f"{statement} ORDER BY first_at DESC LIMIT {_NEWEST_CLAIMS}"
    yield from opened.execute(newest, (base,))


def _ids(journal: _Journal) -> dict[str, str]:
    return {name: _description(*case) for name, case in journal.cases.items()}


def _description(kind: str, citizen: str) -> str:
    return ", ".join(filter(None, (kind.replace("_", " "), citizen)))


def _payments(journal: _Journal) -> dict[str, str]:
    return {name: about for name, about in _ids(journal).items() if not name.startswith("rec")}


def _transfers(journal: _Journal) -> dict[str, str]:
    return {**_ids(journal), **journal.claims}


def _citizens(journal: _Journal) -> dict[str, str]:
    """Each citizen with the kinds of their cases."""
    found = dict.fromkeys((c for _, c in journal.cases.values() if c), "")
    for kind, citizen in journal.cases.values():
        if citizen and kind.replace("_", " ") not in found[citizen].split(", "):
            found[citizen] = ", ".join(filter(None, (found[citizen], kind.replace("_", " "))))
    return found | {citizen: "" for citizen in journal.claims.values() if citizen not in found}


_SOURCES: dict[str, Callable[[_Journal], dict[str, str]]] = {
    "cases": _ids,
    "payments": _payments,
    "transfers": _transfers,
    "keys": lambda journal: dict(journal.claims),
    "citizens": _citizens,
    "cases or citizens": lambda journal: _transfers(journal) | _citizens(journal),
}


def _profiles() -> Iterable[str]:
    from cascade_cli.settings.profiles import profile_names  # noqa: PLC0415 - for this source alone

    return profile_names()


def _goes_by_profile(given: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    """Whether the command would use a profile. Then nothing is offered: a Tab must not fetch the
    profile's secrets, and ids from another shop's journal would be worse than none."""
    if "--profile" in given or environ.get("CASCADE_PROFILE", "").strip():
        return True
    if {"--env-file", "--sandbox"} & given.keys() or os.path.isfile(".env"):  # noqa: PTH113
        return False
    from cascade_cli.errors import CascadeError  # noqa: PLC0415 - as above
    from cascade_cli.settings.profiles import default_profile  # noqa: PLC0415

    try:
        return bool(default_profile())
    except CascadeError:
        return True


def settings_of(given: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment over the .env file, like `settings.find_values`, whose import alone would
    take as long as a Tab may."""
    named = os.path.expandvars(os.path.expanduser(given.get("--env-file", "")))  # noqa: PTH111 - pathlib is slow to import
    file = named or ".env"
    settings = {**(_read(file) if os.path.isfile(file) else {}), **environ}  # noqa: PTH113
    return settings | ({"CASCADE_SANDBOX": "1"} if "--sandbox" in given else {})


def _read(file: str) -> dict[str, str]:
    """The settings of `_NAMES` in a .env file. Importing the parser takes half the time that a Tab
    may, so it is only used if a line is not plainly NAME=value."""
    with open(file, encoding="utf-8") as opened:  # noqa: PTH123
        text = opened.read()
    found: dict[str, str] = {}
    for name in _NAMES:
        plain = re.findall(rf"^{name}=([\w./:~-]*)$", text, re.MULTILINE)
        if len(plain) != text.count(name):
            return _parsed(file)
        found |= dict.fromkeys([name] if plain else [], "".join(plain[-1:]))
    return found


def _parsed(file: str) -> dict[str, str]:
    from dotenv import dotenv_values  # noqa: PLC0415

    return {name: value or "" for name, value in dotenv_values(file, interpolate=False).items()}


def _journal(kinds: Sequence[str], settings: Mapping[str, str]) -> _Journal | None:
    file = journal_file(settings)
    if not file or not os.path.isfile(file):  # noqa: PTH113
        return None
    # Several shops may share a journal. The sandbox has its own, so its base is not needed.
    base = "" if _is_sandbox(settings) else settings.get("AIRTABLE_BASE_ID", "").strip()
    return _Journal(file, base, kinds)


def _is_sandbox(settings: Mapping[str, str]) -> bool:
    return settings.get("CASCADE_SANDBOX", "").strip() == "1"


def journal_file(settings: Mapping[str, str]) -> str:
    """The journal's file, as `wiring.journal` finds it; empty if it is in a database server."""
    chosen = "" if _is_sandbox(settings) else settings.get("CASCADE_JOURNAL_URL", "").strip()
    if chosen:
        scheme, _, place = chosen.partition(":///")
        return place.partition("?")[0] if scheme.partition("+")[0] == "sqlite" else ""
    name = "sandbox-journal.sqlite3" if _is_sandbox(settings) else "journal.sqlite3"
    return os.path.join(_state_folder(settings), name)  # noqa: PTH118


def _state_folder(settings: Mapping[str, str]) -> str:
    if chosen := settings.get("CASCADE_STATE_DIR"):
        return os.path.expanduser(chosen) if chosen.startswith("~/") else chosen  # noqa: PTH111
    from platformdirs import user_state_path  # noqa: PLC0415 - only where it is asked

    return str(user_state_path("cascade"))
