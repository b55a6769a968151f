"""Two shops with one journal: each has its own day, keys, events, marks and history."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.journal_entries import ClaimState, EntryKind, Fate
from cascade_cli.domain.records.stripe_events import Event, EventState, Settlement
from cascade_cli.errors import GuardError, LockedError
from tests.adapters.journal.shared_journal import (
    ANNA,
    BRUNO,
    LEASE,
    SharedJournal,
    claim,
    deliver,
    intent,
)

KEY = "cascade_manual_tip"
A, B = replace(ANNA, base="appA"), replace(BRUNO, base="appB")
DAY = timedelta(days=1)


def test_what_one_promised_does_not_count_against_the_other(shared: SharedJournal) -> None:
    a, b = shared.journal(A), shared.journal(B)
    claim(a, intent("one", ducats=Decimal(900)), limit=Decimal(1000))
    assert claim(b, intent("two", ducats=Decimal(900)), limit=Decimal(1000)).state == "held"
    assert claim(b, intent("three", ducats=Decimal(900)), limit=Decimal(1000)).limit_needed == 1800
    assert (a.ducats_today(), b.ducats_today()) == (Decimal(900), Decimal(900))
    assert b.ducats_promised_since(shared.clock() - DAY) == Decimal(900)
    assert shared.journal().ducats_today() == Decimal(1800)


def test_one_key_is_claimed_attempted_and_released_in_both_at_once(shared: SharedJournal) -> None:
    a, b = shared.journal(A), shared.journal(B)
    assert claim(a, intent(KEY)).state is ClaimState.HELD
    assert claim(b, intent(KEY, citizen="lucia")).state is ClaimState.HELD
    a.attempt([KEY], "create", lease=LEASE)
    assert b.attempts([KEY]) == {}
    b.attempt([KEY], "activate", lease=LEASE)
    a.outcome([KEY], "create", Fate.APPLIED)
    last = [journal.attempts([KEY])[KEY] for journal in (a, b)]
    assert [(one.action, one.fate) for one in last] == [
        ("create", "applied"),
        ("activate", "unknown"),
    ]
    a.release([KEY])
    rival = shared.journal(replace(A, run="run-rival", base="appB"))
    assert claim(rival, intent(KEY, citizen="lucia")).state is ClaimState.BUSY
    assert claim(shared.journal(replace(A, run="x")), intent(KEY)).state is ClaimState.HELD
    assert claim(b, intent(KEY, citizen="piero")).state is ClaimState.CONFLICT
    assert shared.journal().verify().is_intact


def test_a_promise_amended_in_one_shop_is_whole_beside_the_same_key_of_the_other(
    shared: SharedJournal,
) -> None:
    a, b = shared.journal(A), shared.journal(B)
    for journal in (a, b):
        claim(journal, intent(KEY))
    shared.clock.advance(hours=1)
    for journal in (b, a, b):
        claim(journal, intent(KEY, citizen=f"lucia{journal.count()}", amends=True))
    assert shared.journal().verify().flaw == ""


def test_a_twin_is_looked_for_in_the_own_shop(shared: SharedJournal) -> None:
    lately = shared.clock() - DAY
    tip = intent("one", cause="manual", refuse_twin_since=lately)
    claim(shared.journal(A), tip)
    assert claim(shared.journal(B), replace(tip, key="two")).state is ClaimState.HELD
    assert claim(shared.journal(A), replace(tip, key="three")).state is ClaimState.TWIN


def test_history_promises_and_notices_are_the_shops_own(shared: SharedJournal) -> None:
    a, b = shared.journal(A), shared.journal(B)
    since = shared.clock() - DAY
    deliver(a, [KEY, "another"])
    claim(b, intent(KEY, citizen="lucia"))
    assert [entry.kind for entry in b.entries(key=KEY)] == [EntryKind.INTENT]
    assert (b.count(key=KEY), a.count(key=KEY)) == (1, 5)
    assert shared.journal().count(key=KEY) == 6
    assert [p.citizen for p in (*a.promises([KEY]), *b.promises([KEY]))] == ["marco", "lucia"]
    assert (set(a.unannounced_transfers(since)), b.unannounced_transfers(since)) == (
        {KEY, "another"},
        {},
    )
    assert (len(a.sent_since(since)), b.sent_since(since)) == (2, [])
    assert (b.known([KEY, "another"]), b.keys_in_progress([KEY, "another"], since)) == (
        {KEY},
        {KEY},
    )
    for journal in (a, b):
        assert journal.attempt_once([KEY], "tell", {})[1] == [KEY]
        assert journal.attempt_once([KEY], "tell", {})[1] == []


def test_what_was_decided_in_one_shop_is_decided_there_alone(shared: SharedJournal) -> None:
    """Ids are unique at Stripe and at Airtable, and not between two sandboxes."""
    a, b = shared.journal(A), shared.journal(B)
    a.keep_refunds({"re_1": {"debt": "5"}})
    a.keep_decision("pi_1", {"by": "anna"}, {"rec1": {"row": "ours"}}, seen=None)
    a.keep_allocation("digest", {"text": "a"})
    assert (b.refunds(), b.decisions(), b.rulings(), b.allocation("digest")) == ({}, {}, {}, None)
    b.keep_allocation("digest", {"text": "a"})
    assert b.allocation("digest") == {"text": "a"}
    b.keep_decision("pi_1", {"by": "bruno"}, {}, seen=None)
    assert (a.decisions(), b.decisions()) == ({"pi_1": {"by": "anna"}}, {"pi_1": {"by": "bruno"}})
    with pytest.raises(GuardError, match="anna"):
        a.keep_decision("pi_1", {"by": "carla"}, {}, seen=None)
    assert shared.journal().verify().is_intact


def test_no_shop_sees_or_settles_the_events_of_the_other(shared: SharedJournal) -> None:
    event = Event(
        "evt_1",
        "charge.succeeded",
        shared.clock(),
        livemode=False,
        payment_id="pi_1",
        subjects=frozenset({"pi_1"}),
        pending_webhooks=1,
        raw=b"",
    )
    with closing(Database(shared.url)) as database:
        a, b = (Inbox(database, worker, now=shared.clock) for worker in (A, B))
        assert a.accept([event]) == {"evt_1"}
        assert (len(a.due(9)), b.due(9), b.oldest_waiting()) == (1, [], None)
        assert (a.due_since()[0], b.due_since()) == (1, (0, None))
        b.settle([Settlement("evt_1", EventState.ATTENTION, "of nobody")])
        assert (b.of_payment("pi_1"), b.about(["evt_1"]), sum(b.counts().values())) == ([], [], 0)
        assert b.accept([event]) == {"evt_1"}
        b.settle([Settlement("evt_1", EventState.CREDITED)])
        assert (a.credited(["pi_1"]), b.credited(["pi_1"])) == (set(), {"pi_1"})
        assert a.counts()[EventState.WAITING] == 1
        assert (a.waiting_because(""), b.waiting_because("")) == (1, 0)
        b.settle([Settlement("evt_1", EventState.ATTENTION)])
        assert a.needing_attention(shared.clock() - DAY) == []
    assert shared.journal().verify().is_intact


def test_both_run_at_once_and_each_alone(shared: SharedJournal) -> None:
    a, b = shared.journal(A), shared.journal(B)
    with a.lock("base appA", lease=LEASE), b.lock("base appB", lease=LEASE):
        rival = shared.journal(replace(B, run="run-rival"))
        with (
            pytest.raises(LockedError, match="on base appB: `cascade reconcile"),
            rival.lock("base appB", lease=LEASE),
        ):
            pass
