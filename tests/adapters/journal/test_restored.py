"""A restored journal lets nobody write before it has caught up, base by base."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.records.journal_entries import (
    RESTORED,
    Attempt,
    Fate,
    Intent,
    Promised,
    Restored,
)
from cascade_cli.errors import GuardError
from tests.adapters.journal.shared_journal import ANNA, LEASE, SharedJournal

HERE, THERE = (replace(ANNA, base=base) for base in ("app1", "app2"))
INTENT = Intent("cascade_manual_1", "marco", Decimal(5), "manual")


def test_nothing_is_claimed_before_the_base_has_been_looked_at(shared: SharedJournal) -> None:
    now = shared.clock()
    pending = Restored(now, now - timedelta(days=1))
    shared.journal().set_mark(RESTORED, pending.document())
    here, there = shared.journal(HERE), shared.journal(THERE)
    for journal in (here, there):
        with pytest.raises(GuardError, match="has not caught up"):
            journal.claim([INTENT], lease=LEASE, day_limit_ducats=None)
    here.catch_up([], replace(pending, caught_up=now))
    assert here.claim([INTENT], lease=LEASE, day_limit_ducats=None)
    with pytest.raises(GuardError, match="has not caught up"):
        there.claim([INTENT], lease=LEASE, day_limit_ducats=None)


def test_what_is_taken_over_counts_from_the_moment_of_its_promise(shared: SharedJournal) -> None:
    now = shared.clock()
    attempt = Attempt("activate", now - timedelta(days=1), Fate.APPLIED)
    promised = Promised(INTENT, now - timedelta(days=1), "app1", attempt)
    journal = shared.journal(HERE)
    for _ in range(2):
        journal.catch_up([promised], Restored(now, now, caught_up=now))
    assert journal.attempts([INTENT.key]) == {INTENT.key: attempt}
    assert journal.ducats_today() == 0
    assert journal.ducats_promised_since(now - timedelta(days=2)) == 5
    amended = replace(INTENT, ducats=Decimal(6))
    journal.catch_up([replace(promised, intent=amended, amends=True)], Restored(now, now))
    assert journal.promises([INTENT.key])[0].ducats == 6
    assert journal.verify().flaw == ""
