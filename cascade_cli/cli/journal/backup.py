"""`cascade journal backup`: a verified copy of the whole journal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cascade_cli.adapters.journal import Database, backups
from cascade_cli.adapters.journal.reported_heads import remember_reported
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.records.journal_entries import Head, Verification
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.errors import JournalError, UsageError
from cascade_cli.wiring.journal import journal_database


def back_up(session: Session, target: Path, keep: int | None) -> Outcome:
    """Back the journal up into a new file, or into a folder of backups. Raises JournalError."""
    file = _file(target, keep)
    with closing(journal_database(session)) as database:
        if not database.exists():
            raise JournalError(
                "There is no journal: nothing was written from here yet, or it was removed.",
                "If ducats were moved from this machine, restore it from a backup.",
            )
        found = backups.back_up(database, file)
        head = Head(found.head, found.entries)
        if found.entries:
            remember_reported(session.folder, database.place, head, session.warn)
        _warn_of_neighbours(session, database, file)
    # Older backups go only now that the new one is written and verified.
    removed = _remove_older(session, file.parent, keep) if keep else []
    size = file.stat().st_size
    data = {
        "file": str(file),
        "bytes": size,
        "entries": found.entries,
        "head": found.head,
        "removed": [str(path) for path in removed],
    }
    return Outcome(data, lambda s: _show(s, file, size, found, removed))


def _file(target: Path, keep: int | None) -> Path:
    """The file to write. Raises UsageError for `keep` without a folder."""
    if target.is_dir():
        return target / backups.name_of(datetime.now(UTC))
    if keep is not None:
        raise UsageError(
            f"--keep needs a folder of backups, and {str(target)!r} is not a folder.",
            "No backup was made. Make the folder, then name it.",
        )
    return target


def _warn_of_neighbours(session: Session, database: Database, file: Path) -> None:
    if database.file and database.file.resolve().parent == file.resolve().parent:
        session.warn(
            "the backup is beside the journal, so a broken disk takes both. Keep one elsewhere."
        )


def _remove_older(session: Session, folder: Path, keep: int) -> Sequence[Path]:
    try:
        return backups.remove_older(folder, keep)
    except OSError as error:
        session.warn(f"older backups in {str(folder)!r} were not removed: {error.strerror}")
        return []


def _show(
    session: Session, file: Path, size: int, found: Verification, removed: Sequence[Path]
) -> None:
    console = session.console()
    entries = "1 entry" if found.entries == 1 else f"{found.entries:,} entries"
    console.print(f"Backed up and verified: {entries}, {_size(size)}.")
    console.print(escape(f"File: {file}"), soft_wrap=True)
    console.print(f"Head: {Head(found.head, found.entries)}", soft_wrap=True)
    if removed:
        console.print(f"{format_count(len(removed), 'older backup')} removed.")


def _size(number: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:  # noqa: PLR2004 - a thousand of one unit is one of the next
            return f"{number} {unit}"
        number = round(number / 1000)
    return f"{number:,} GB"
