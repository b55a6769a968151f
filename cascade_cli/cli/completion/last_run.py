"""Ids and citizens for a Tab, from the journal: the last complete run, and the newest promises.

Importing the journal's adapter with SQLAlchemy takes a quarter of a second. So this module reads
the journal's file directly, read-only and without waiting for a lock. A journal in a database
server is not read. What is found is only offered; nothing is decided by it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

from cascade_cli.cli.completion.journal_place import journal_place, profile_names

_NEWEST_CLAIMS = 500


def remembered(
    source: str, kinds: Sequence[str], given: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """The words of that source, each with its description; none if nothing can be read.

    `kinds` are all kinds, the gravest first. `given` are the options on the line, which say which
    shop is meant.
    """
    try:
        if source == "profiles":
            return dict.fromkeys(profile_names(), "")
        place = journal_place(given, environ)
        if place is None or not os.path.isfile(place[0]):  # noqa: PTH113 - pathlib is slow to import
            return {}
        return _SOURCES[source](_Journal(*place, kinds))
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
