"""Every test that takes `shared` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.journal.shared_journal import SharedJournal
from tests.harness.postgresql import PostgresqlServer


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest) -> SharedJournal:
    chosen: SharedJournal = request.getfixturevalue(f"{request.param}_journal")
    return chosen


@pytest.fixture
def sqlite_journal(tmp_path: Path) -> Iterator[SharedJournal]:
    shared = SharedJournal(f"sqlite:///{tmp_path / 'state' / 'journal.db'}")
    yield shared
    shared.close()


@pytest.fixture
def postgresql_journal(postgresql: PostgresqlServer) -> Iterator[SharedJournal]:
    shared = SharedJournal(postgresql.new_url())
    yield shared
    shared.close()
