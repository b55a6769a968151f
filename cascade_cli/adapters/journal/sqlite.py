"""The journal as one SQLite file: how it is created, opened and kept durable."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from cascade_cli.adapters.journal import tables
from cascade_cli.adapters.journal.failures import NOTHING_MOVES
from cascade_cli.errors import JournalError

_DRAFT_SECONDS = 24 * 3600
_BACKUP = r"cascade-journal-\d{8}T\d{6}Z\.sqlite3"


def open_engine(path: Path, lock_wait_seconds: float) -> Engine:
    """An engine for the journal at `path`, which is created if there is no file.

    Raises JournalError if the file is empty: cascade never leaves an empty file, and starting
    over would forget every promise.
    """
    if not path.exists():
        _make(path, lock_wait_seconds)
    if path.stat().st_size == 0:
        raise JournalError(
            f"The journal {path} is empty: it was cut off. {NOTHING_MOVES}",
            "Restore it from a backup. Only if it never held anything, remove the empty file.",
        )
    return _engine(path, lock_wait_seconds, mode="rw")


def open_draft(draft: Path) -> Engine:
    """An engine for an empty file that nobody else uses."""
    return _engine(draft, 0, mode="rw")


def _make(path: Path, lock_wait_seconds: float) -> None:
    """Build the journal under another name, then link it into place.

    So the journal is there completely or not at all, even if a process is killed or several begin
    at once. An empty file can only mean damage.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with draft_of(path) as draft, suppress(FileExistsError):
        _build(draft, lock_wait_seconds)
        # If another process was quicker, its journal is as good.
        put(draft, path)


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """For `with`: an empty private file beside `path`. Once it is whole, it can take that name."""
    _remove_old_drafts(path)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        yield draft
    finally:
        for left in (draft, *sidecars(draft)):
            left.unlink(missing_ok=True)


def _remove_old_drafts(path: Path) -> None:
    """Remove the drafts of processes that were killed, for `path` and for backups in its folder."""
    # A draft is used for minutes. Its maker may be on another machine, where no pid helps.
    latest = time.time() - _DRAFT_SECONDS
    name = re.compile(rf"({re.escape(path.name)}|{_BACKUP})\.[0-9a-f]{{32}}(-wal|-shm|-journal)?")
    for found in path.parent.glob("*.*"):
        with suppress(OSError):
            if name.fullmatch(found.name) and found.lstat().st_mtime < latest:
                found.unlink()


def sidecars(path: Path) -> list[Path]:
    """The files in which SQLite keeps a part of the database beside it."""
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _build(draft: Path, lock_wait_seconds: float) -> None:
    engine = _engine(draft, lock_wait_seconds, mode="rw")
    try:
        with engine.begin() as connection:
            tables.create(connection)
        # Only now, so that the tables are in the file itself when it is linked. In this mode they
        # would stay in a second file until a checkpoint, which a full disk silently prevents.
        with closing(engine.raw_connection()) as connection:
            # Outside of any transaction: inside one, SQLite keeps the old mode.
            connection.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        engine.dispose()


def back_up(path: Path, version: int) -> None:
    """Copy the journal to a file beside it, completely or not at all, unless there is a copy.

    The caller holds the write lock in another connection, so the copy has the last committed state.
    """
    kept = path.with_name(f"{path.name}.version-{version}")
    if kept.exists():
        return
    with draft_of(path) as draft, suppress(FileExistsError):
        copy(path, draft)
        put(draft, kept)


def copy(path: Path, draft: Path) -> None:
    """Copy the database at `path`, as it is at one moment, into the one file `draft`.

    Other writers need not wait. Raises sqlite3.Error or OSError.
    """
    with closing(look(path)) as old, closing(sqlite3.connect(draft)) as new:
        # All pages in one step: between two, a writer would make it begin anew.
        old.backup(new)
        # A backup in WAL mode could not be read in a folder where SQLite may not write beside it.
        new.execute("PRAGMA journal_mode = DELETE")
    _sync(draft)


def look(path: Path) -> sqlite3.Connection:
    """A read-only connection."""
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    return sqlite3.connect(uri, uri=True)


def use_wal(path: Path) -> None:
    """Set WAL mode, in which readers do not wait for writers."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    _sync(path)


@contextmanager
def any_text(connection: Connection) -> Iterator[None]:
    """Within this block, text that is not UTF-8 can be read. Cascade never writes such text."""
    driver: Any = connection.connection.dbapi_connection
    driver.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def put(draft: Path, path: Path) -> None:
    """Give the finished draft its name. Raises FileExistsError if that name is taken."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:
        # A memory stick or a share may have no links.
        if path.exists():
            raise FileExistsError(errno.EEXIST, "it is there already", str(path)) from None
        draft.rename(path)
    sync_folder(path)


def put_aside(path: Path, kept: Path) -> None:
    """Give the file a second name, so that another file can then take the first. Raises OSError."""
    try:
        kept.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:
        # Without links, a copy has to do.
        shutil.copy2(path, kept)


def sync_folder(path: Path) -> None:
    """Write the folder of `path` to disk, so that its new names survive a power cut."""
    if hasattr(os, "O_DIRECTORY"):
        _sync(path.parent, os.O_DIRECTORY)


def _sync(path: Path, flags: int = os.O_RDONLY) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _engine(path: Path, lock_wait_seconds: float, mode: str) -> Engine:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # sqlite3 begins its own transactions too late. `isolation_level=None` leaves BEGIN to the
        # listener below.
        connection = sqlite3.connect(
            uri, uri=True, timeout=lock_wait_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")  # on a Mac, fsync alone is not enough
        except BaseException:
            # Left open, it would keep the file and its space on a full disk until Python frees it.
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # A write transaction takes the write lock at once. If it began by reading, another process
    # could change the journal before its first write, and the write would fail.
    is_write = connection.get_execution_options().get("journal_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
