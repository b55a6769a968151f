"""Every test that takes `office` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.journal.office import Office
from tests.harness.postgresql import PostgresqlServer


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest) -> Office:
    chosen: Office = request.getfixturevalue(f"{request.param}_office")
    return chosen


@pytest.fixture
def sqlite_office(tmp_path: Path) -> Iterator[Office]:
    office = Office(f"sqlite:///{tmp_path / 'state' / 'journal.db'}")
    yield office
    office.close()


@pytest.fixture
def postgresql_office(postgresql: PostgresqlServer) -> Iterator[Office]:
    office = Office(postgresql.new_url())
    yield office
    office.close()
