"""Whole histories end as they should, each is determined by its seed, and no broken safeguard
goes unnoticed.

When the histories change, `python -m tests.simulation --mutants` finds the seeds anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.exc import OperationalError

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.errors import JournalError
from tests.simulation import mutants
from tests.simulation.__main__ import main
from tests.simulation.plan import BEGINNING
from tests.simulation.play import play
from tests.simulation.pooler import Drops, PooledDatabase
from tests.simulation.shared_parts import SharedParts, shared_parts
from tests.simulation.shop import Alter

# Histories shift with every request that cascade sends more or less: a seed that has gone stale
# is looked for again among so many.
AMONG_THE_FIRST = 250
CAUGHT_BY = {
    mutants.writes_sent_again: 4,
    mutants.only_the_last_error_counts: 24,
    mutants.no_lookup: 11,
    mutants.one_step_write: 11,
    mutants.no_claim: 4,
    mutants.expired_rows_rewritten: 41,
    mutants.dead_rows_replaced: 12,
    mutants.spare_rows_activated: 136,
    mutants.no_bound: 43,
    mutants.no_fresh_read: 131,
    mutants.late_writes_sent: 522,
    mutants.surplus_left_alone: 58,
    mutants.living_taken_for_dead: 1,
    mutants.dead_keep_what_they_held: 1,
    mutants.balance_of_unknown_fate_forgotten: 65,
    mutants.events_credited_once_each: 2,
    mutants.taken_forgotten: 10,
    mutants.withheld_taken: 1,
    mutants.failed_refunds_hold: 70,
    mutants.one_key_for_all_portions: 14,
    mutants.refunds_looked_at_once: 360,
    mutants.only_the_first_citizens_settled: 362,
    mutants.anonymous_givers_named: 2,
    mutants.invoices_have_keys_of_their_own: 3,
    mutants.attached_payments_overlooked: 3,
    mutants.halves_credited_whole: 6,
    mutants.judged_by_another_day_s_rate: 2,
    mutants.late_rows_ignored: 36,
    mutants.other_payers_unseen: 2,
    mutants.refunded_twins_first_served: 1,
    mutants.newcomers_taken_for_the_same: 4,
    mutants.vanished_behind_the_dead: 49,
    mutants.marks_by_our_clock: 70,
    mutants.price_guard_off: 9,
    mutants.arrivals_told_without_a_mark: 1,
    mutants.arrivals_told_by_all_who_found_them: 1,
    mutants.decisions_without_facts: 29,
    mutants.decisions_hold_for_ever: 29,
    mutants.corrections_without_a_key: 308,
    mutants.hand_credits_unseen: 39,
    mutants.releases_taken_for_refunds: 1,
    mutants.waiting_refunds_taken_for_gone: 103,
    mutants.rests_promised_for_ever: 401316,
    mutants.disputed_money_never_comes_back: 56,
    mutants.only_lost_disputes_cost: 301,
    mutants.strange_events_refused: 42,
    mutants.strange_events_spoil_the_list: 12,
    mutants.other_shops_sales_taken: 7,
    mutants.authorised_money_counts: 178,
    mutants.each_paces_itself: 4,
    mutants.lock_outs_kept_to_oneself: 4,
}


@pytest.fixture(scope="module")
def shared() -> Iterator[SharedParts]:
    with shared_parts() as made:
        yield made


@pytest.mark.long
def test_no_history_among_the_first_ones_has_a_flaw(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--seeds", "200", "--jobs", "2"])

    assert code == 0, capsys.readouterr().out
    assert capsys.readouterr().out.startswith("200 histories, ")


def test_a_seed_determines_its_history_whatever_the_process(shared: SharedParts) -> None:
    here = play(3, shared).chronicle.text()

    assert len(here) > 1000
    assert {_trace(3, hash_seed) for hash_seed in ("1", "2")} == {here}


def _trace(seed: int, hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--trace", str(seed)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("mutant", "seed"), CAUGHT_BY.items(), ids=lambda it: getattr(it, "__name__", "")
)
def test_a_broken_safeguard_is_caught_and_only_the_breaking_is_to_blame(
    mutant: Callable[[], AbstractContextManager[Alter]], seed: int, shared: SharedParts
) -> None:
    seeds = (seed, *range(1, AMONG_THE_FIRST))
    with mutant() as alter:
        caught_by = next((s for s in seeds if play(s, shared, alter).flaws), None)

    assert caught_by is not None
    assert not play(caught_by, shared).flaws


def test_what_a_dropped_session_was_to_commit_is_there_or_not(tmp_path: Path) -> None:
    database = PooledDatabase(f"sqlite:///{tmp_path / 'journal.db'}")
    database.drops = Drops(Random(1), 1.0)  # noqa: S311
    journal = Journal(database, Worker("run", "", 0, "", ""), now=lambda: BEGINNING)
    causes = list[object]()
    for number in range(40):
        with pytest.raises(JournalError, match="server closed") as refused:
            journal.set_mark(f"mark {number}", {})
        causes.append(refused.value.__cause__)
    database.drops.end()
    there = [journal.mark(f"mark {number}") is not None for number in range(40)]
    assert 5 < sum(there) < 35
    assert all(isinstance(c, OperationalError) and c.connection_invalidated for c in causes)
    database.close()


def test_every_mutant_has_its_seed() -> None:
    assert set(CAUGHT_BY) == set(mutants.MUTANTS)
