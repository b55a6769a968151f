"""The journal as one SQLite file: how it is born, opened and kept durable."""

from __future__ import annotations

import os
import sqlite3
import uuid
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from cascade_cli.adapters.journal import schema
from cascade_cli.adapters.journal.failures import NOTHING_MOVES
from cascade_cli.errors import JournalError


def open_engine(path: Path, lock_wait_seconds: float) -> Engine:
    """An engine for the journal at `path`, which is made if nothing is there.

    Raises JournalError if the file is empty: cascade never leaves it so, and starting afresh
    would forget every promise made.
    """
    if not path.exists():
        _make(path, lock_wait_seconds)
    if path.stat().st_size == 0:
        raise JournalError(
            f"The journal {path} is empty: it was cut off. {NOTHING_MOVES}",
            "Restore it from a backup. Only if it never held anything, remove the empty file.",
        )
    return _engine(path, lock_wait_seconds, mode="rw")


def _make(path: Path, lock_wait_seconds: float) -> None:
    """Build the journal under another name, then link it into place.

    So it is there whole or not at all, whatever is killed and however many begin at once; and
    an empty file can only mean damage.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        _build(draft, lock_wait_seconds)
        _link(draft, path)
    finally:
        for suffix in ("", "-wal", "-shm"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _build(draft: Path, lock_wait_seconds: float) -> None:
    engine = _engine(draft, lock_wait_seconds, mode="rw")
    try:
        with engine.connect() as connection:
            # Before any transaction: inside one, SQLite keeps the old mode.
            _pragma(connection, "journal_mode = WAL")
        with engine.begin() as connection:
            schema.create(connection)
    finally:
        engine.dispose()


def _pragma(connection: Connection, pragma: str) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _link(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return  # Another process was quicker, and its journal is as good.
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)


def _engine(path: Path, lock_wait_seconds: float, mode: str) -> Engine:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # sqlite3's own transactions start too late to be trusted: `isolation_level=None` leaves
        # BEGIN to the listener below.
        connection = sqlite3.connect(
            uri, uri=True, timeout=lock_wait_seconds, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # on a Mac, fsync alone is not enough
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # A write transaction takes the write lock at once: one that began by reading could find
    # the journal changed under it, and fail.
    is_write = connection.get_execution_options().get("journal_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
