"""Backups: the whole journal, from SQLite or PostgreSQL, in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError

from cascade_cli.adapters.journal import sqlite, tables
from cascade_cli.adapters.journal.database import Database, file_url
from cascade_cli.adapters.journal.failures import journal_error
from cascade_cli.adapters.journal.verification import raw, verify
from cascade_cli.domain.records.journal_entries import Verification
from cascade_cli.errors import JournalError, TamperedError, UsageError

PREFIX = "cascade-journal-"
SUFFIX = ".sqlite3"
_PAGE_ROWS = 1000
_BEGUN_WITH = (tables.chain, tables.version)
_NO_BACKUP = "No backup was made."
_UNTOUCHED = "Nothing was changed."


def name_of(moment: datetime) -> str:
    """A backup's file name in a folder of backups. These names sort by time."""
    return f"{PREFIX}{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


def back_up(database: Database, path: Path) -> Verification:
    """Copy the journal, as it is at one moment, into a new private file, and verify the copy.

    The file appears whole or not at all. Raises UsageError if it exists or cannot be made,
    TamperedError if the journal was changed by hand, JournalError.
    """
    try:
        with sqlite.draft_of(path) as draft:
            copy_to(database, draft)
            found = verification_of(draft)
            if not found.is_intact:
                raise TamperedError(
                    f"The journal was tampered with: {found.flaw}. {_NO_BACKUP}",
                    "Keep the journal as it is, and compare it with an earlier backup.",
                )
            sqlite.put(draft, path)
    except FileExistsError as error:
        raise UsageError(
            f"{str(path)!r} exists already. {_NO_BACKUP}",
            "Name a new file, or a folder: in a folder each backup is named after its time.",
        ) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError(f"{str(path)!r} cannot be written: {why}. {_NO_BACKUP}") from error
    return found


def copy_to(database: Database, draft: Path) -> None:
    """Copy all rows, as they are at one moment, into an empty file.

    Raises JournalError, OSError.
    """
    if database.file is None:
        with (
            database.reading_one_state() as source,
            _copy_errors(draft),
            new_tables(draft) as target,
        ):
            copy_rows(source, target)
        return
    with database.reading():
        pass  # Opening the journal has brought its tables to this version.
    with _copy_errors(draft):
        sqlite.copy(database.file, draft)


@contextmanager
def _copy_errors(draft: Path) -> Iterator[None]:
    """Report an error of the copy as the copy's, not as the journal's."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        origin = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(origin, sqlite3.Error):
            raise
        raise JournalError(
            f"The copy in {str(draft.parent)!r} could not be written: {origin}. {_NO_BACKUP}",
            "Look at free disk space, quotas and the disk's health.",
        ) from error


@contextmanager
def new_tables(draft: Path) -> Iterator[Connection]:
    """For `with`: turn an empty file into a journal without entries, in one transaction."""
    engine = sqlite.open_draft(draft)
    try:
        with engine.execution_options(journal_write=True).begin() as target:
            tables.create(target)
            yield target
    finally:
        engine.dispose()


def copy_rows(source: Connection, target: Connection) -> None:
    """Copy all rows of one journal into the new tables of another."""
    for table in tables.metadata.sorted_tables:
        # New tables have a first row here, and the copy brings its own.
        if table in _BEGUN_WITH:
            target.execute(table.delete())
        found = source.execute(select(*raw(table)), execution_options={"yield_per": _PAGE_ROWS})
        with found as rows:
            for page in rows.partitions():
                target.execute(insert(table), [dict(row._mapping) for row in page])


def verification_of(file: Path) -> Verification:
    """Verify a journal's file that nobody else uses. Raises JournalError."""
    database = Database(file_url(file))
    try:
        with database.reading_one_state() as connection:
            return verify(connection)
    except TamperedError as error:
        return Verification(0, error.message.rstrip("."))
    finally:
        database.close()


def take_copy(file: Path, draft: Path) -> None:
    """Copy a backup into an empty file, and bring its tables to this version.

    Raises JournalError or TamperedError.
    """
    try:
        sqlite.copy(file, draft)
        database = Database(file_url(draft))
        try:
            with database.reading():
                pass
        finally:
            database.close()
            # Upgrading an older version leaves a copy beside the file.
            for left in draft.parent.glob(f"{draft.name}.version-*"):
                left.unlink()
    except (sqlite3.Error, OSError) as error:
        raise journal_error(error, str(file), _UNTOUCHED, ()) from error


def check(file: Path, database: Database) -> None:
    """Raises UsageError if the file is not a backup, or is the journal itself."""
    own = database.file
    if own and own.exists() and file.exists() and own.samefile(file):
        raise UsageError(f"{str(file)!r} is the journal itself. {_UNTOUCHED}")
    hint = "A backup is a file that `cascade journal backup` made, or a copy of a journal's file."
    if not file.is_file():
        raise UsageError(f"There is no backup {str(file)!r}. {_UNTOUCHED}", hint)
    try:
        with closing(sqlite.look(file)) as connection:
            query = "SELECT count(*) FROM sqlite_master WHERE name = ?"
            (found,) = connection.execute(query, (tables.version.name,)).fetchone()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_NOTADB":
            raise journal_error(error, str(file), _UNTOUCHED, ()) from error
        found = 0
    if not found:
        raise UsageError(f"{str(file)!r} is not a backup of a journal. {_UNTOUCHED}", hint)


def remove_older(folder: Path, keep: int) -> list[Path]:
    """Remove all backups in the folder but the newest `keep`, and return them. Raises OSError."""
    backups = sorted(folder.glob(f"{PREFIX}*{SUFFIX}"))
    older = backups[: max(0, len(backups) - keep)]
    for backup in older:
        backup.unlink()
    return older
