"""A service's pace in the journal's database, for all machines that share it."""

from __future__ import annotations

import json
import threading
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from cascade_cli.adapters.http.pace import Pace, Step
from cascade_cli.adapters.journal import postgresql, tables
from cascade_cli.adapters.journal.database import parse_url

_LOCK_WAIT_SECONDS = 2.0
# Not one of the journal's own tables: it proves nothing, and a crash of the server empties it.
_TABLE = """CREATE UNLOGGED TABLE IF NOT EXISTS cascade_pace (
    service text PRIMARY KEY, body text NOT NULL)"""
_TAKE = """SELECT body, extract(epoch FROM clock_timestamp())::float8 FROM cascade_pace
    WHERE service = :service FOR UPDATE"""
_MAKE = "INSERT INTO cascade_pace VALUES (:service, '{}') ON CONFLICT DO NOTHING"
_KEEP = "UPDATE cascade_pace SET body = :body WHERE service = :service"


class PaceRow:
    """A pace in a row that one transaction at a time may change, by the database's clock.

    A process that dies meanwhile has changed nothing, and the server releases the row.
    """

    def __init__(self, url: str, service: str) -> None:
        self._url, self._service = parse_url(url), service
        self._opening = threading.Lock()
        self._engine: Engine | None = None

    def change(self, step: Step) -> Any:
        """A ChangePace."""
        try:
            with self._opened().begin() as connection:
                # Nobody needs the row after a crash of the server, so nobody waits for its disk.
                connection.execute(text("SET LOCAL synchronous_commit = off"))
                body, now = self._taken(connection)
                pace = Pace.of(json.loads(body), now)
                result = step(pace, now)
                pace.at = now
                kept = {"service": self._service, "body": json.dumps(pace.document())}
                connection.execute(text(_KEEP), kept)
        except SQLAlchemyError as error:
            # Not SQLAlchemy's own text: it contains the statement and its values.
            raise OSError(f"the journal's database: {type(error).__name__}") from error
        return result

    def close(self) -> None:
        """Close the connections. The next change opens them again."""
        with self._opening:
            if self._engine:
                self._engine.dispose()
            self._engine = None

    def _taken(self, connection: Connection) -> tuple[str, float]:
        row = connection.execute(text(_TAKE), {"service": self._service}).first()
        if row is None:
            connection.execute(text(_MAKE), {"service": self._service})
            row = connection.execute(text(_TAKE), {"service": self._service}).one()
        return row[0], row[1]

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                engine = postgresql.open_engine(self._url, _LOCK_WAIT_SECONDS)
                with engine.begin() as connection:
                    tables.lock_creation(connection)
                    connection.execute(text(_TABLE))
                self._engine = engine
            return self._engine
