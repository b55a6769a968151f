"""The journal in a PostgreSQL database, through psycopg 3."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from cascade_cli.errors import SettingsError

_CONNECT_TIMEOUT_SECONDS = 10


def open_engine(url: URL, lock_wait_seconds: float) -> Engine:
    """An engine for the database at `url`. Raises SettingsError where psycopg is missing."""
    query = {"connect_timeout": str(_CONNECT_TIMEOUT_SECONDS), **url.query}
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg", query=query),
            # A role may prefer another level; the writers' order rests on this one: after the
            # wait for the chain's row, each statement sees what the one before committed.
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ImportError as error:
        raise SettingsError(
            "CASCADE_JOURNAL_URL names PostgreSQL, and its driver psycopg is not installed.",
            "Install it with: pip install 'cascade-cli[postgres]'",
        ) from error
    wait_milliseconds = max(1, round(lock_wait_seconds * 1000))

    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {wait_milliseconds}")
            # A promise that a crash of the server forgets is none.
            cursor.execute("SET synchronous_commit = on")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine
