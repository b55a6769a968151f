"""Accepted webhook events, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.locks import worker_lock_of
from cascade_cli.domain.records.journal_entries import EntryKind, Worker
from cascade_cli.domain.records.stripe_events import Event, EventState, Settlement
from tests.adapters.journal.shared_journal import ANNA, BRUNO, ELSEWHERE, LEASE, SharedJournal

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Open = Callable[..., Inbox]


@pytest.fixture
def opened(shared: SharedJournal) -> Iterator[Open]:
    """Opens inboxes of the shared journal, each with a database of its own."""
    with ExitStack() as stack:

        def open_inbox(worker: Worker = ANNA, **options: object) -> Inbox:
            database = Database(shared.url, lock_wait_seconds=30)
            stack.callback(database.close)
            return Inbox(database, worker, now=shared.clock, **options)  # type: ignore[arg-type]

        yield open_inbox


def _event(name: str, minutes: int = 0, **changes: object) -> Event:
    fields: dict[str, object] = {
        "id": f"evt_{name}",
        "type": "payment_intent.succeeded",
        "created_at": NOON + timedelta(minutes=minutes),
        "livemode": False,
        "payment_id": f"pi_{name}",
        "subjects": frozenset({f"pi_{name}"}),
        "pending_webhooks": 1,
        "raw": b"{}",
        **changes,
    }
    return Event(**fields)  # type: ignore[arg-type]


def test_an_event_is_kept_once_however_often_it_comes(opened: Open, shared: SharedJournal) -> None:
    inbox = opened()
    assert inbox.accept([_event("a"), _event("a"), _event("b")]) == {"evt_a", "evt_b"}
    assert opened(BRUNO).accept([_event("a"), _event("c")]) == {"evt_c"}
    assert inbox.counts()[EventState.WAITING] == 3
    arrivals = [e for e in shared.journal().entries() if e.kind is EntryKind.EVENT]
    assert [e.key for e in arrivals] == ["pi_a", "pi_b", "pi_c"]


def test_of_two_who_accept_the_same_at_once_one_keeps_it(
    opened: Open, shared: SharedJournal
) -> None:
    events = [_event(str(number), number) for number in range(20)]
    new: list[set[str]] = []
    inboxes = [opened(ANNA), opened(BRUNO)]
    threads = [threading.Thread(target=lambda i=i: new.append(i.accept(events))) for i in inboxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, new)) == [0, 20]
    assert shared.journal().verify().is_intact


def test_what_tells_of_no_payment_is_recorded_and_never_due(opened: Open) -> None:
    inbox = opened()
    inbox.accept([_event("a", type="charge.refunded"), _event("b", payment_id=None)])
    assert inbox.due(10) == []
    assert inbox.counts()[EventState.RECORDED] == 2


def test_what_is_due_comes_oldest_first_and_no_more_than_asked(opened: Open) -> None:
    inbox = opened()
    inbox.accept([_event("late", 9), _event("early", 1), _event("middle", 5)])
    assert [a.event.id for a in inbox.due(2)] == ["evt_early", "evt_middle"]


def test_an_event_comes_back_as_it_was_but_for_its_body(
    opened: Open, shared: SharedJournal
) -> None:
    inbox = opened()
    inbox.accept([_event("a", livemode=True, raw=b'{"client_secret": "x"}')])
    (accepted,) = inbox.due(1)
    assert (accepted.received_at, accepted.tries) == (shared.clock(), 0)
    event = accepted.event
    assert (event.id, event.type, event.payment_id) == (
        "evt_a",
        "payment_intent.succeeded",
        "pi_a",
    )
    assert (event.created_at, event.livemode, event.raw) == (NOON, True, b"")


def test_what_was_put_off_is_due_again_at_its_time(opened: Open, shared: SharedJournal) -> None:
    inbox = opened()
    inbox.accept([_event("a")])
    then = shared.clock() + timedelta(minutes=5)
    inbox.settle([Settlement("evt_a", EventState.WAITING, "Airtable is shut", then)])
    assert inbox.due(1) == []
    shared.clock.advance(minutes=5)
    (accepted,) = inbox.due(1)
    assert accepted.tries == 1


def test_settled_events_say_what_became_of_them(opened: Open) -> None:
    inbox = opened()
    inbox.accept([_event("a"), _event("b"), _event("c")])
    inbox.settle(
        [
            Settlement("evt_a", EventState.CREDITED),
            Settlement("evt_b", EventState.ATTENTION, "names nobody"),
        ]
    )
    assert inbox.due(10)[0].event.id == "evt_c"
    assert inbox.credited(["pi_a", "pi_b", "pi_c"]) == {"pi_a"}
    (kept,) = inbox.of_payment("pi_b")
    assert (kept.state, kept.note) == (EventState.ATTENTION, "names nobody")
    assert [k.accepted.event.id for k in inbox.about(["evt_a", "pi_c"])] == ["evt_a", "evt_c"]
    assert inbox.counts() == {
        EventState.WAITING: 1,
        EventState.CREDITED: 1,
        EventState.RECORDED: 0,
        EventState.ATTENTION: 1,
    }


def test_only_recent_events_that_need_a_person_are_named(
    opened: Open, shared: SharedJournal
) -> None:
    inbox = opened()
    inbox.accept([_event("a"), _event("b")])
    inbox.settle([Settlement("evt_a", EventState.ATTENTION)])
    received = shared.clock()
    assert [k.accepted.event.id for k in inbox.needing_attention(received)] == ["evt_a"]
    assert inbox.needing_attention(received + timedelta(seconds=1)) == []


def test_the_oldest_waiting_is_by_its_arrival(opened: Open, shared: SharedJournal) -> None:
    inbox = opened()
    assert inbox.oldest_waiting() is None
    inbox.accept([_event("a", 9)])
    arrived = shared.clock()
    shared.clock.advance(minutes=1)
    inbox.accept([_event("b", 1)])
    assert inbox.oldest_waiting() == arrived
    inbox.settle([Settlement("evt_a", EventState.CREDITED)])
    assert inbox.oldest_waiting() == arrived + timedelta(minutes=1)


def test_what_is_due_is_counted_from_the_first_that_became_due(
    opened: Open, shared: SharedJournal
) -> None:
    inbox, noon = opened(), shared.clock()
    assert inbox.due_since() == (0, None)
    inbox.accept([_event("a"), _event("b"), _event("c")])
    later = noon + timedelta(minutes=5)
    inbox.settle([Settlement("evt_a", EventState.WAITING, "", later)])
    inbox.settle([Settlement("evt_b", EventState.CREDITED)])
    shared.clock.advance(minutes=1)
    assert inbox.due_since() == (1, noon)
    inbox.settle([Settlement("evt_c", EventState.CREDITED)])
    assert inbox.due_since() == (0, None)
    shared.clock.advance(minutes=9)
    assert inbox.due_since() == (1, later)


def test_the_worker_is_whoever_holds_its_lock_until_the_lease_ends(
    opened: Open, shared: SharedJournal
) -> None:
    inbox = opened()
    assert inbox.worker("appVenice") is None
    lock = shared.journal(ELSEWHERE).lock(worker_lock_of("appVenice"), lease=LEASE)
    with lock:
        found = inbox.worker("appVenice")
        assert found is not None
        assert (found.host, found.pid) == (ELSEWHERE.host, ELSEWHERE.pid)
        assert inbox.worker("appGenoa") is None
        shared.clock.advance(seconds=LEASE.total_seconds())
        assert inbox.worker("appVenice") is None
        lock.renew()
        assert inbox.worker("appVenice") is not None
    assert inbox.worker("appVenice") is None


def test_notes_hold_no_secret_and_what_every_database_stores(opened: Open) -> None:
    inbox = opened(secrets=["s3cretkey"])
    inbox.accept([_event("a")])
    note = "s3cretkey \0 \ud800 " + "x" * 600
    inbox.settle([Settlement("evt_a", EventState.ATTENTION, note)])
    (kept,) = inbox.of_payment("pi_a")
    assert kept.note.startswith("[redacted] \\x00 \\ud800 xxx")
    assert len(kept.note) == 500
