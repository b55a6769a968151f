"""What the journal knows of notices of arrival: who waits for one, and who may send it."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

from cascade_cli.domain.delivery.arrival_notices import TELL_ARRIVAL
from cascade_cli.domain.records.journal_entries import Fate
from tests.adapters.journal.shared_journal import ANNA, BRUNO, LEASE, SharedJournal, claim, intent

KEY = "cascade_payment_pi_1"
OTHER = "cascade_payment_pi_2"


def test_only_the_first_to_set_out_may_send_whoever_asks_and_however_it_ends(
    shared: SharedJournal,
) -> None:
    anna, bruno = shared.journal(ANNA), shared.journal(BRUNO)
    assert anna.attempt_once([KEY], TELL_ARRIVAL, {}) == (shared.clock.moment, [KEY])
    for fate in (Fate.REFUSED, Fate.APPLIED):
        assert bruno.attempt_once([KEY, OTHER, OTHER], TELL_ARRIVAL, {})[1] in ([OTHER], [])
        bruno.outcome([KEY], TELL_ARRIVAL, fate)
    assert anna.attempt_once([KEY, OTHER], TELL_ARRIVAL, {})[1] == []
    assert anna.verify().is_intact


def test_a_giver_is_told_beside_the_recipient(shared: SharedJournal) -> None:
    journal = shared.journal()
    giver = {"told": "giver"}
    assert journal.attempt_once([KEY], TELL_ARRIVAL, giver)[1] == [KEY]
    assert journal.attempt_once([KEY], TELL_ARRIVAL, {})[1] == [KEY]
    assert journal.attempt_once([KEY], TELL_ARRIVAL, giver)[1] == []


def test_of_many_at_once_one_may_send(shared: SharedJournal) -> None:
    shared.journal().verify()
    won, start = list[list[str]](), threading.Barrier(4)

    def set_out(run: str) -> None:
        journal = shared.journal(replace(ANNA, run=run))
        start.wait()
        won.append(journal.attempt_once([KEY], TELL_ARRIVAL, {})[1])

    threads = [threading.Thread(target=set_out, args=(f"run-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [[], [], [], [KEY]]


def test_whoever_was_let_to_the_engine_waits_for_a_notice_until_somebody_sets_out(
    shared: SharedJournal,
) -> None:
    journal, began = shared.journal(), shared.clock.moment
    claim(journal)
    journal.attempt([KEY], "create", lease=LEASE)
    assert journal.unannounced_transfers(began) == {}
    for action in ("activate", "extend"):
        shared.clock.advance(seconds=10)
        at = journal.attempt([KEY], action, lease=LEASE)
    journal.attempt([KEY], "notify", lease=LEASE)
    assert journal.unannounced_transfers(began) == {KEY: at}
    shared.clock.advance(seconds=1)
    assert journal.unannounced_transfers(shared.clock.moment) == {}
    journal.attempt_once([KEY], TELL_ARRIVAL, {"told": "giver"})
    assert journal.unannounced_transfers(began) == {KEY: at}
    journal.attempt_once([KEY], TELL_ARRIVAL, {})
    assert journal.unannounced_transfers(began) == {}


def test_what_was_promised_last_counts(shared: SharedJournal) -> None:
    journal = shared.journal()
    first = intent(KEY)
    journal.claim([first], lease=LEASE, day_limit_ducats=None)
    amended = replace(first, citizen="lucia", ducats=Decimal("99.5"), amends=True)
    journal.claim([amended], lease=LEASE, day_limit_ducats=None)
    (found,) = journal.promises([KEY, OTHER])
    assert (found.key, found.citizen, found.ducats) == (KEY, "lucia", Decimal("99.5"))
    assert (found.cause, found.detail) == (first.cause, dict(first.detail))


def test_asking_who_was_not_told_makes_no_journal(sqlite_journal: SharedJournal) -> None:
    assert sqlite_journal.journal().unannounced_transfers(sqlite_journal.clock.moment) == {}
    assert not sqlite_journal.journal().known([KEY])
