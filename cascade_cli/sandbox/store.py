"""The sandbox's state: one SQLite file that several processes may open at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_SECONDS = 30


class Store:
    """A SQLite file, or `:memory:`, with one connection that threads use in turn.

    Each service brings its own tables: `Store(path, stripe.SCHEMA, airtable.SCHEMA)`, where a
    schema is a script of `CREATE … IF NOT EXISTS`.
    """

    def __init__(self, path: Path | str, *schemas: str) -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._lock = threading.RLock()
        self._depth = 0
        self._own_writes = 0
        _use_wal(self._connection)
        self._connection.execute("PRAGMA synchronous=NORMAL")
        for schema in schemas:
            self._connection.executescript(schema)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone until the block ends."""
        with self._lock:
            yield self._connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of the block is committed or nothing. A nested block joins it."""
        with self._lock:
            if self._depth:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                # Count a rollback too: a cache filled within the block may hold the undone writes.
                self._own_writes += 1
                self._depth = 0

    def generation(self) -> tuple[int, int]:
        """A value that changes whenever this or another process writes: a key for caches."""
        with self._lock:
            (others,) = self._connection.execute("PRAGMA data_version").fetchone()
            return int(others), self._own_writes

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Set WAL mode, in which readers do not wait for writers."""
    latest = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # For this change of a new file SQLite itself waits for nobody, whatever its timeout.
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > latest:
                raise
            time.sleep(0.01)
        else:
            return
