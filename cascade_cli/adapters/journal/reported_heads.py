"""Remember in the state folder the newest head of each journal that cascade has shown to anybody.

The file is outside the journal, so it exposes a journal that was cut off, restored from an older
copy or replaced. A head that the journal no longer has stays here until a person lets it catch up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from cascade_cli.adapters.files import replace_file
from cascade_cli.adapters.journal.journal import Journal
from cascade_cli.domain.records.journal_entries import Head

FILE = "journal-heads.json"


def report_head(folder: Path, journal: Journal, warn: Callable[[str], None]) -> Head | None:
    """The journal's head, remembered as shown. `warn` is called if it cannot be saved."""
    head = journal.head()
    known = last_reported(folder, journal.place)
    if head and head.entries and (known is None or journal.holds(known)):
        remember_reported(folder, journal.place, head, warn)
    return head


def remember_reported(folder: Path, place: str, head: Head, warn: Callable[[str], None]) -> None:
    """Record that head as the last one that was reported of the journal at `place`."""
    try:
        _keep(folder, place, head)
    except OSError as error:
        warn(f"{FILE} in the state folder cannot be written: {error.strerror}.")


def last_reported(folder: Path, place: str) -> Head | None:
    """The head last shown of the journal at `place`; None if none was."""
    return Head.of(_document(folder).get(place, ""))


def _keep(folder: Path, place: str, head: Head) -> None:
    document = {**_document(folder), place: str(head)}
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(folder / FILE, json.dumps(document, indent=1, sort_keys=True) + "\n")


def _document(folder: Path) -> Mapping[str, str]:
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = document.items() if isinstance(document, dict) else ()
    return {name: head for name, head in found if isinstance(head, str)}
