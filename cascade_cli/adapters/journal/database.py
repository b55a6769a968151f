"""Where the journal is kept: one SQLite file, or a PostgreSQL database for several machines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from cascade_cli.adapters.journal import migration, postgresql, sqlite, tables
from cascade_cli.adapters.journal.failures import (
    FOREIGN_ERRORS,
    NONSENSE,
    NOTHING_MOVES,
    journal_error,
    tampered_error,
)
from cascade_cli.errors import SettingsError

_FORMS = "sqlite:////path/to/journal.db or postgresql://user:password@host/database"


class Database:
    """Transactions on the journal's tables, which are made on first use.

    Several Journals of one process may share one. `place` names the database without its password;
    `file` is the journal's file, None if a server keeps it.
    """

    def __init__(self, url: str | URL, *, lock_wait_seconds: float = 5.0) -> None:
        self._url = url if isinstance(url, URL) else parse_url(url)
        self._lock_wait_seconds = lock_wait_seconds
        self._engine: Engine | None = None
        self._opening, self._turn = threading.Lock(), threading.Lock()
        self.place = _place(self._url)
        is_file = self._url.get_backend_name() == "sqlite"
        self.file = Path(self._url.database or "") if is_file else None
        self.secrets = _passwords(self._url)

    def __repr__(self) -> str:
        return f"Database({self.place!r})"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises JournalError or TamperedError."""
        with self._translated(NOTHING_MOVES), self._opened().connect() as connection:
            yield connection

    @contextmanager
    def reading_one_state(self) -> Iterator[Connection]:
        """Like `reading`, but all statements see one state of the journal, whoever writes."""
        with self._translated(NOTHING_MOVES), self._opened().connect() as connection:
            if self.file:
                with sqlite.any_text(connection):
                    yield connection
            else:
                yield connection.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def writing(self, consequence: str) -> Iterator[Connection]:
        """A transaction that writes, committed at the end of the block.

        Raises JournalError or TamperedError. Their message ends with `consequence`: what follows if
        nothing was recorded.
        """
        with (
            self._translated(consequence),
            self._in_turn(),
            _for_writing(self._opened()).begin() as connection,
        ):
            yield connection

    @contextmanager
    def rebuilding(self, consequence: str) -> Iterator[Connection]:
        """A transaction that may replace all tables, or create the first. Nobody else writes until
        it ends. Raises like `writing`."""
        with self._translated(consequence), _closing(self._bare()) as engine:
            unhurried = _for_writing(engine).execution_options(journal_migration=True)
            with unhurried.begin() as connection:
                tables.lock_writers(connection)
                yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let this process's threads take turns: waiters in SQLite's own queue sleep too long.

        A thread that has waited too long goes on, and SQLite refuses it.
        """
        is_first = self._turn.acquire(timeout=self._lock_wait_seconds)
        try:
            yield
        finally:
            if is_first:
                self._turn.release()

    def exists(self) -> bool:
        """Whether there is a journal. Unlike every other method, this does not create one."""
        if self.file:
            return self.file.exists()
        # Opening it has made the tables.
        if self._engine is not None:
            return True
        with (
            self._translated(NOTHING_MOVES),
            _closing(self._bare()) as engine,
            engine.connect() as connection,
        ):
            return tables.found_version(connection) > 0

    def close(self) -> None:
        """Close every connection. The next use opens them again."""
        with self._opening:
            if self._engine:
                self._engine.dispose()
            self._engine = None

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = self._open()
            return self._engine

    def _bare(self) -> Engine:
        """An engine that does not check the version of the tables."""
        if self.file:
            return sqlite.open_engine(self.file, self._lock_wait_seconds)
        return postgresql.open_engine(self._url, self._lock_wait_seconds)

    def _open(self) -> Engine:
        engine = self._bare()
        try:
            self._make_tables(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _make_tables(self, engine: Engine) -> None:
        # Look without a write lock first: the tables are nearly always there.
        with engine.connect() as connection:
            if tables.found_version(connection) == tables.VERSION:
                return
        # Sealing a large journal takes a while.
        unhurried = _for_writing(engine).execution_options(journal_migration=True)
        with unhurried.begin() as connection:
            migration.bring_up(connection, self._back_up)

    def _back_up(self, version: int) -> None:
        """Copy a SQLite file before its tables change. PostgreSQL has backups of its own."""
        if self.file:
            sqlite.back_up(self.file, version)

    @contextmanager
    def _translated(self, consequence: str) -> Iterator[None]:
        try:
            yield
        except FOREIGN_ERRORS as error:
            raise journal_error(error, self.place, consequence, self.secrets) from error
        except NONSENSE as error:
            raise tampered_error(error, self.place, consequence) from error


@contextmanager
def _closing(engine: Engine) -> Iterator[Engine]:
    """Close its connections when the block ends."""
    try:
        yield engine
    finally:
        engine.dispose()


def _for_writing(engine: Engine) -> Engine:
    """An engine for transactions that write: SQLite must know that when they begin."""
    return engine.execution_options(journal_write=True)


def file_url(path: Path) -> URL:
    """The address of a journal in that file, whatever characters are in its name."""
    return URL.create("sqlite", database=str(path))


def parse_url(text: str) -> URL:
    """Parse the address of a journal. Raises SettingsError for anything else."""
    try:
        # `postgres://` is what hosting services hand out, and SQLAlchemy does not know it.
        url = make_url(text.strip().replace("postgres://", "postgresql://", 1))
        name = url.get_backend_name()
    except ArgumentError:
        name = ""
    if name == "postgresql" and "@" in f"{url.host or ''}{url.database or ''}":
        # Everything after the first @, part of a password too, would be shown as host and database.
        raise SettingsError(
            "CASCADE_JOURNAL_URL has more than one @.",
            "In a user's name or a password, write @ as %40, : as %3A, / as %2F and % as %25.",
        )
    if name == "postgresql" or (name == "sqlite" and url.database not in {None, "", ":memory:"}):
        return url
    # Without the cause and the text, because they may contain a password.
    raise SettingsError(
        "CASCADE_JOURNAL_URL is not the address of a journal.", f"Write it like {_FORMS}."
    ) from None


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or ''}{port}/{url.database or ''}"


def _passwords(url: URL) -> tuple[str, ...]:
    """The passwords in the address and among its options."""
    found = [url.password, url.query.get("password"), url.query.get("sslpassword")]
    return tuple(str(password) for password in found if password)
