"""A process stopped in the middle of a write to PostgreSQL holds nobody else up for long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest

from cascade_cli.adapters.journal import Database, Journal
from cascade_cli.adapters.journal import postgresql as postgresql_journal
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.journal_entries import ClaimState
from cascade_cli.errors import JournalError
from tests.adapters.journal.shared_journal import (
    ANNA,
    BRUNO,
    LEASE,
    SharedJournal,
    claim,
    intent,
)
from tests.harness.inbox_events import event
from tests.harness.postgresql import PostgresqlServer

KEYS = [f"cascade_payment_pi_{number}" for number in range(3)]
SOCKET = ".s.PGSQL.5432"
MANY = 10**6
NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
PAID = "payment_intent.succeeded"


class Wire:
    """Carries what a client sends to the server, until it has carried `most` of its packets. From
    then on the client is as good as stopped: neither end hears any more of the other."""

    def __init__(self, most: int) -> None:
        self._left, self.carried = most, 0
        self.is_cut = threading.Event()
        self._ends: list[socket.socket] = []

    def close(self) -> None:
        """Let the stopped client see at last that its connection is gone."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def serve(self, listener: socket.socket, server: str) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(server)
                self._ends += (client, there)
                for ends in ((client, there, True), (there, client, False)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, from_: socket.socket, to: socket.socket, is_client: bool) -> None:
        with suppress(OSError):
            while data := from_.recv(65536):
                if is_client and self._left == 0:
                    self.is_cut.set()
                    return
                self._left -= is_client
                self.carried += is_client
                to.sendall(data)


@contextmanager
def wire(url: str, folder: Path, most: int) -> Iterator[tuple[str, Wire]]:
    """The journal's URL through a wire that carries so many packets."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    server = f"{query['host']}/{SOCKET}"
    made = Wire(most)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen()
        threading.Thread(target=made.serve, args=(listener, server), daemon=True).start()
        through = urlencode({**query, "host": str(folder)})
        try:
            yield urlunsplit((*parts[:3], through, "")), made
        finally:
            made.close()


def attempt(journal: Journal) -> None:
    with suppress(JournalError):
        journal.attempt(KEYS, "create", lease=LEASE)


@pytest.mark.long
def test_whichever_packet_is_its_last_others_write_after_a_moment(
    postgresql: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The three keys take two statements, as a hundred would.
    monkeypatch.setattr(postgresql_journal, "_ROWS_IN_A_STATEMENT", 2)
    cut = 0
    for most in count():
        url, folder = postgresql.new_url(), tmp_path / str(most)
        folder.mkdir()
        shared = SharedJournal(url)
        claim(shared.journal(ANNA), *map(intent, KEYS))
        with ExitStack() as stack:
            stack.callback(shared.close)
            through, one = stack.enter_context(wire(url, folder, most))
            stopped = Journal(through, ANNA, now=shared.clock, lock_wait_seconds=0.25)
            writing = threading.Thread(target=attempt, args=(stopped,), daemon=True)
            writing.start()
            stack.callback(stopped.close)
            stack.callback(writing.join)
            stack.callback(one.close)
            while writing.is_alive() and not one.is_cut.wait(0.05):
                pass
            if not one.is_cut.is_set():
                break
            cut += 1
            other = shared.journal(BRUNO, lock_wait_seconds=3)
            assert claim(other, intent("cascade_payment_pi_other")).state is ClaimState.HELD, most
    assert cut > 5


def test_hundreds_of_events_take_few_round_trips(
    postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    with wire(postgresql.new_url(), tmp_path, MANY) as (through, one):
        database = Database(through)
        inbox = Inbox(database, ANNA, now=lambda: NOW)
        inbox.accept([event("first", PAID, "pi_first", NOW)])
        before = one.carried
        inbox.accept([event(f"{n}", PAID, f"pi_{n}", NOW) for n in range(300)])
        assert one.carried - before < 100
        database.close()
