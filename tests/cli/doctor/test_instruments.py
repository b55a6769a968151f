"""What doctor looks with cannot write, whoever asks it to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import stripe
from sqlalchemy import create_engine, make_url, text

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.probing import ProbingTransport
from cascade_cli.adapters.http.transport import PermitError, permitted, plain_session, utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database, parse_url
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.probes import JournalProbe
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.errors import JournalError
from cascade_cli.sandbox.wire import Response
from cascade_cli.wiring import this_worker
from tests.harness.postgresql import PostgresqlServer
from tests.harness.sandboxed import Sandboxed


@pytest.fixture
def transport() -> Iterator[ProbingTransport]:
    with closing(ProbingTransport(Pacer(0), lockout_seconds=0)) as transport:
        yield transport


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_write_is_not_sent_even_with_a_permit(
    sandboxed: Sandboxed, transport: ProbingTransport, method: str
) -> None:
    session = plain_session(sandboxed.url, transport)
    with permitted(datetime(2100, 1, 1, tzinfo=UTC)), pytest.raises(PermitError):
        session.request(method, f"{sandboxed.url}/airtable/v0/appSandboxVenice01/CITIZENS")
    assert sandboxed.recorder.requests == []


def test_a_write_with_an_idempotency_key_is_not_sent(
    sandboxed: Sandboxed, transport: ProbingTransport
) -> None:
    client = stripe_client("sk_test_x", f"{sandboxed.url}/stripe", transport)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({"name": "Lucia"}, {"idempotency_key": "k"})
    assert sandboxed.recorder.requests == []


def test_a_listing_too_long_for_an_address_is_sent(
    sandboxed: Sandboxed, transport: ProbingTransport
) -> None:
    session = plain_session(sandboxed.url, transport)
    path = "/airtable/v0/appSandboxVenice01/CITIZENS/listRecords"
    headers = {"Authorization": "Bearer patSandbox.sandbox"}
    assert session.post(sandboxed.url + path, json={}, headers=headers).status_code == 200


def test_a_failing_service_is_asked_twice(
    sandboxed: Sandboxed, transport: ProbingTransport
) -> None:
    sandboxed.recorder.break_from("venice", 1, Response(503))
    session = plain_session(sandboxed.url, transport)
    answer: requests.Response = session.get(f"{sandboxed.url}/venice/stratagems")
    assert (answer.status_code, len(sandboxed.recorder.requests)) == (503, 2)


def _probe(url: str) -> JournalProbe:
    database, worker = Database(url, lock_wait_seconds=0.1), this_worker("doctor")
    journal = Journal(database, worker, now=utc_now)
    return JournalProbe(parse_url(url), database, journal, Inbox(database, worker, now=utc_now))


def _tables(url: str) -> int:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
        ).scalar_one()
    engine.dispose()
    return int(found)


def test_looking_at_an_empty_postgresql_makes_no_tables(postgresql: PostgresqlServer) -> None:
    url = postgresql.new_url()
    with closing(_probe(url)) as probe:
        assert not probe.exists()
        assert (probe.mode_of("app1"), probe.acceptance([], utc_now()).last_at) == (None, None)
        assert probe.place.mode is None
    assert _tables(url) == 0


def test_a_write_to_postgresql_is_tried_and_taken_back(postgresql: PostgresqlServer) -> None:
    url = postgresql.new_url()
    with closing(Journal(url, this_worker("test"), now=utc_now)) as journal:
        journal.run_event({"command": "test"})
    with closing(_probe(url)) as probe:
        assert probe.exists()
        probe.try_to_write()
        found = probe.verify()
    assert (found.is_intact, found.entries) == (True, 1)


def test_a_write_to_a_file_is_tried_and_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite3"
    with closing(Journal(f"sqlite:///{file}", this_worker("test"), now=utc_now)) as journal:
        journal.run_event({"command": "test"})
    with (
        closing(_probe(f"sqlite:///{file}")) as probe,
        closing(sqlite3.connect(file)) as watching,
    ):
        # It changes whenever another connection commits anything.
        before = watching.execute("PRAGMA data_version").fetchone()
        probe.try_to_write()
        assert watching.execute("PRAGMA data_version").fetchone() == before


def test_a_postgresql_that_may_only_be_read_is_told(postgresql: PostgresqlServer) -> None:
    url = postgresql.new_url()
    with closing(Journal(url, this_worker("test"), now=utc_now)) as journal:
        journal.run_event({"command": "test"})
    read_only = url + "%20-cdefault_transaction_read_only%3Don"
    with closing(_probe(read_only)) as probe:
        with pytest.raises(JournalError, match="may not be written"):
            probe.try_to_write()
        assert probe.verify().is_intact
