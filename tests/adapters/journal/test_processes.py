"""Real processes on one journal: they race, hang and are killed at any moment."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing import get_context
from typing import IO

import pytest

from cascade_cli.adapters.journal.locks import birth_of
from cascade_cli.domain.records.journal_entries import ClaimState
from cascade_cli.errors import LockedError
from tests.adapters.journal.hands import LEASE, claim_all, journal_of
from tests.adapters.journal.shared_journal import SharedJournal, claim, intent

WORKERS = 4


def claim_side_by_side(
    shared: SharedJournal, keys: list[list[str]], limit: str | None
) -> Counter[str]:
    """How often each key was held, when every process claims its own list at once."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        # All live until all are done: the claim of a finished process would be free for others.
        claiming = [pool.submit(claim_all, shared.url, k, n, limit) for n, k in enumerate(keys)]
        states = [future.result() for future in claiming]
    held = (key for answer in states for key in answer if answer[key] is ClaimState.HELD)
    return Counter(held)


def test_four_processes_claim_a_hundred_payments_once_each(shared: SharedJournal) -> None:
    keys = [f"cascade_payment_pi_{number}" for number in range(100)]
    held = claim_side_by_side(shared, [list(keys) for _ in range(WORKERS)], None)
    assert held == Counter(keys)
    assert shared.journal().verify().entries == 100


def test_four_processes_together_stay_within_the_days_limit(shared: SharedJournal) -> None:
    keys = [[f"{worker}-{number}" for number in range(100)] for worker in range(WORKERS)]
    held = claim_side_by_side(shared, keys, "1000")
    assert held.total() == 100
    assert shared.journal().verify().is_intact


@contextmanager
def process(*args: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    command = [sys.executable, "-m", "tests.adapters.journal.hands", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            yield running, running.stdout
        finally:
            running.kill()


@pytest.mark.parametrize("method", ["claim", "attempt", "outcome"])
def test_a_process_killed_inside_a_transaction_leaves_nothing_of_it(
    shared: SharedJournal, method: str
) -> None:
    claim(shared.journal(), intent("a"))
    with process("die", shared.url, method) as (running, _):
        assert running.wait(60) == -signal.SIGKILL
    journal = shared.journal()
    expected = {"claim": 1, "attempt": 2, "outcome": 3}[method]
    assert (journal.verify().is_intact, journal.verify().entries) == (True, expected)
    again = intent("b", ducats=Decimal(10))
    assert claim(shared.journal(is_alive=lambda *_: False), again).state is ClaimState.HELD


def test_processes_killed_at_any_moment_leave_an_intact_chain_with_all_they_committed(
    shared: SharedJournal,
) -> None:
    dice, committed = random.Random(7), 0  # noqa: S311
    for _ in range(4):
        with process("write", shared.url) as (running, stdout):
            lines = [stdout.readline()]
            time.sleep(dice.random() / 5)
            running.send_signal(signal.SIGKILL)
            lines += stdout.readlines()
        whole = [line for line in lines if line.endswith("\n")]
        verification = shared.journal().verify()
        assert verification.is_intact
        told, committed = committed + int(whole[-1]), verification.entries
        assert told <= committed <= told + 3


def test_a_killed_process_of_this_machine_loses_claim_and_lock_at_once(
    shared: SharedJournal,
) -> None:
    journal = journal_of(shared.url)
    with process("hold", shared.url) as (running, stdout):
        assert stdout.readline() == "held\n"
        assert claim(journal, intent("a")).state is ClaimState.CONFLICT
        held = intent("a", ducats=Decimal(10))
        assert claim(journal, held).state is ClaimState.BUSY
        with pytest.raises(LockedError), journal.lock("appVenice", lease=LEASE):
            pass
        running.kill()
        running.wait(60)
    assert claim(journal, held).state is ClaimState.HELD
    with journal.lock("appVenice", lease=LEASE):
        pass
    journal.close()


def test_a_killed_process_that_nobody_reaped_is_dead(shared: SharedJournal) -> None:
    journal = journal_of(shared.url)
    with process("hold", shared.url) as (running, stdout):
        stdout.readline()
        running.kill()
        stdout.read()  # Its end is the process's end; without wait() it stays a zombie.
        deadline = time.monotonic() + 30
        while not birth_of(running.pid).endswith("/ended") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert claim(journal, intent("a", ducats=Decimal(10))).state is ClaimState.HELD
    journal.close()


def change_birth(shared: SharedJournal, birth: str) -> ClaimState:
    """What a second run is told if the first one's process was born otherwise."""
    first = journal_of(shared.url)
    claim(first, lease=LEASE)
    first.close()
    shared.sql(f"UPDATE cascade_claims SET birth = '{birth}', run = 'earlier'")
    second = journal_of(shared.url)
    state = claim(second).state
    second.close()
    return state


def test_a_live_process_keeps_its_claim(shared: SharedJournal) -> None:
    assert change_birth(shared, birth_of(os.getpid())) is ClaimState.BUSY


def test_a_later_process_with_the_dead_ones_pid_does_not_keep_its_claim(
    shared: SharedJournal,
) -> None:
    machine, _, ticks = birth_of(os.getpid()).rpartition("/")
    assert change_birth(shared, f"{machine}/{int(ticks) - 1}") is ClaimState.HELD


def test_a_process_of_another_container_is_not_judged_by_its_pid(shared: SharedJournal) -> None:
    ticks = birth_of(os.getpid()).rpartition("/")[2]
    assert change_birth(shared, f"other-boot/pid:[1]/{ticks}") is ClaimState.BUSY


def test_where_births_are_unknown_the_host_and_pid_decide(shared: SharedJournal) -> None:
    assert change_birth(shared, "") is ClaimState.BUSY
    gone = "UPDATE cascade_claims SET run = 'earlier', birth = '', pid = 99999999"
    shared.sql(f"{gone}, host = 'elsewhere'")
    journal = journal_of(shared.url)
    assert claim(journal).state is ClaimState.BUSY
    shared.sql(f"{gone}, host = '{os.uname().nodename}'")
    assert claim(journal).state is ClaimState.HELD
    journal.close()
