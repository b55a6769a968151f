"""The webhook's worker settles the refund of a payment for very many in turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Database, Journal
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.stripe_events import Event, Settlement
from cascade_cli.domain.shop.times import Window
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.services.events.intake import Intake
from cascade_cli.services.refunds.automatic_refunds import PAUSE
from cascade_cli.wiring.writing import run_lock, wire_writing
from tests.end_to_end.organisations.guild import bought, replayed, stripe_of
from tests.harness.counter import Counter
from tests.harness.sandboxed import wire

MEMBERS = {"marco": "100", "lucia": "50.5", "zuan": "20", "bianca": "10", "piero": "10"}


@dataclass
class ServerParts:
    """What `cascade serve` works with, two citizens a turn."""

    counter: Counter
    intake: Intake
    inbox: Inbox
    database: Database

    def hear(self, payment: str, kind: str) -> None:
        """The webhook takes what Stripe tells of the payment."""
        self.inbox.accept([event for event in self._events(kind) if event.payment_id == payment])

    def _events(self, kind: str) -> list[Event]:
        now = utc_now()
        window = Window(now - timedelta(days=1), now + timedelta(seconds=2))
        with self.counter.sandboxed.wired() as wiring:
            return [event for event in wiring.events.events(window) if event.type == kind]

    def turn(self) -> list[Settlement]:
        """The worker's next round, when it is time."""
        self.counter.pass_time(seconds=PAUSE.total_seconds() + 1)
        return self.intake.work()

    def lock(self) -> AbstractContextManager[object]:
        """Another run's."""
        other = Worker("run-other", "till", 1, "anna", "refund")
        return run_lock(Journal(self.database, other, now=utc_now), BASE_ID)


@contextmanager
def opened(counter: Counter, folder: Path) -> Iterator[ServerParts]:
    identity = Worker("run-serve", "till", 1, "anna", "serve")
    wiring = wire(counter.environment(CASCADE_REFUNDS="auto"))
    settings = wiring.settings
    with closing(Database(f"sqlite:///{folder}/journal.sqlite3")) as database:
        journal = Journal(database, identity, now=utc_now)
        writing = wire_writing(wiring, journal, lambda _message: None)
        automatic_refunds = writing.automatic_refunds(
            settings, {}, lambda: None, lambda: run_lock(journal, BASE_ID)
        )
        assert automatic_refunds
        inbox = Inbox(database, identity, now=utc_now, acted_on=settings.acted_on)
        intake = Intake(
            inbox,
            writing.replayer,
            livemode=False,
            facts={},
            guard=lambda: None,
            now=utc_now,
            refunds=replace(automatic_refunds, at_once=2).settle,
        )
        yield ServerParts(counter, intake, inbox, database)


@pytest.fixture
def server(counter: Counter, tmp_path: Path) -> Iterator[ServerParts]:
    counter.move_in(*(name for name in MEMBERS if name not in {"marco", "lucia"}))
    with opened(counter, tmp_path) as server:
        yield server


@pytest.fixture
def intent(server: ServerParts) -> str:
    """Their payment, which has arrived."""
    intent = bought(server.counter, MEMBERS)
    assert replayed(server.counter).code == 0
    server.counter.sandboxed.app.engine.run()
    return intent


def takers(server: ServerParts) -> list[str]:
    """Who has a transfer back."""
    payers = [row["ExecutedBy"] for row in server.counter.rows()]
    return [name for name in MEMBERS if name in payers]


def send_back(server: ServerParts, intent: str, cents: int) -> None:
    stripe_of(server.counter).v1.refunds.create({"payment_intent": intent, "amount": cents})


def test_between_two_turns_the_lock_is_free_and_other_events_are_dealt_with(
    server: ServerParts, intent: str
) -> None:
    send_back(server, intent, 1905)
    server.hear(intent, "charge.refunded")
    (first,) = server.turn()
    assert first.note == "2 of 5 citizens are dealt with, the others are next"
    assert takers(server) == ["marco", "lucia"]
    other = server.counter.paid(hours_ago=0)
    with server.lock():
        server.hear(other, "charge.succeeded")
        # Before it is the others' turn.
        assert [one.state.value for one in server.intake.work()] == ["credited"]
    server.turn()
    assert takers(server) == ["marco", "lucia", "zuan", "bianca"]
    (last,) = server.turn()
    assert (takers(server), "are next" in last.note) == (list(MEMBERS), False)
    server.counter.sandboxed.app.engine.run()
    assert [server.counter.ducats_of(name) for name in MEMBERS] == [100, 0, 0, 0, 0]


def test_whose_turn_comes_while_another_run_has_the_lock_is_next_when_it_is_free(
    server: ServerParts, intent: str
) -> None:
    send_back(server, intent, 1905)
    server.hear(intent, "charge.refunded")
    server.turn()
    with server.lock():
        (held_up,) = server.turn()
    assert "Another run holds the lock" in held_up.note
    assert takers(server) == ["marco", "lucia"]
    server.turn()
    assert takers(server) == ["marco", "lucia", "zuan", "bianca"]


def test_more_money_that_goes_back_between_two_turns_is_taken_from_the_first_citizens_too(
    server: ServerParts, intent: str
) -> None:
    send_back(server, intent, 381)
    server.hear(intent, "charge.refunded")
    server.turn()
    send_back(server, intent, 1524)
    for _ in range(3):
        server.turn()
    for _ in range(2):
        server.counter.sandboxed.app.engine.run()
    assert [server.counter.ducats_of(name) for name in MEMBERS] == [0] * len(MEMBERS)


def test_who_is_killed_between_two_turns_begins_again_and_takes_nothing_twice(
    server: ServerParts, intent: str, tmp_path: Path
) -> None:
    send_back(server, intent, 1905)
    server.hear(intent, "charge.refunded")
    server.turn()
    with opened(server.counter, tmp_path) as after_the_start:
        for _ in range(3):
            after_the_start.turn()
    server.counter.sandboxed.app.engine.run()
    assert [server.counter.ducats_of(name) for name in MEMBERS] == [0] * len(MEMBERS)
    assert len(server.counter.rows()) == 2 * len(MEMBERS)
