"""kill -9 at random moments of a command, run again until it is done: how many were paid?"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.errors import ExitCode
from tests.processes.market import Market, Sale, open_market

ROWS = 200
MOST_KILLS = 6
MOST_SECONDS = 3.0
BY_LENGTH, AT_ONCE = 0.8, 0.2
# An intent, and an attempt and an outcome each for create, activate and notify.
ENTRIES_PER_ROW = 7
FINISHED_WITHIN_SECONDS = 300.0
AHEAD_SECONDS = FATE_BOUND.total_seconds() + 5
_UNDECIDED = "cascade_claims WHERE last_fate = 'unknown'"


@dataclass
class Tally:
    """What a round, or many, came to; `undecided` are kills that left a write of unknown fate."""

    rounds: int = 0
    kills: int = 0
    undecided: int = 0
    restarts_at_once: int = 0
    flaws: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Sum up."""
        self.rounds += other.rounds
        self.kills += other.kills
        self.undecided += other.undecided
        self.restarts_at_once += other.restarts_at_once
        self.flaws += other.flaws

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.kills} kills, of which {self.undecided} left writes of "
            f"unknown fate and {self.restarts_at_once} were followed by a restart at once: "
            f"{len(self.flaws)} flaws"
        )


def credit_file_round(
    seed: int, *, rows: int = ROWS, most_kills: int = MOST_KILLS, real_clock: bool = False
) -> Tally:
    """One file of credits by hand."""
    with _fresh_market() as market:
        sales = sales_of(rows)
        market.move_in(sales)
        file = market.folder / "gifts.csv"
        lines = [f"{sale.citizen},{sale.ducats},gift,{n}" for n, sale in enumerate(sales)]
        file.write_text("\n".join(["citizen,ducats,reason,reference", *lines, ""]))
        by_key = {f"cascade_manual_{n}": sale for n, sale in enumerate(sales)}
        victim = _Victim(market, ["credit", "--file", str(file), "--yes"], seed, rows, real_clock)
        return victim.kill_until_done(by_key, most_kills)


def repair_round(
    seed: int, *, rows: int = ROWS, most_kills: int = MOST_KILLS, real_clock: bool = False
) -> Tally:
    """Payments of which a third has a dead row, and the rest none, repaired."""
    with _fresh_market() as market:
        sales = sales_of(rows)
        market.move_in(sales)
        sales = market.sell(sales)
        market.spoil(sales[::3])
        by_key = {f"cascade_payment_{sale.payment_intent}": sale for sale in sales}
        victim = _Victim(market, ["reconcile", "--repair", "--yes"], seed, rows, real_clock)
        return victim.kill_until_done(by_key, most_kills)


def sales_of(rows: int) -> list[Sale]:
    """So many citizens, each of whom is to get something."""
    return [Sale(f"citizen_{n}", 10 + n % 50) for n in range(rows)]


class _fresh_market:  # noqa: N801 - a context manager that reads like a function
    def __enter__(self) -> Market:
        self._folder = Path(tempfile.mkdtemp(prefix="cascade-kill-"))
        self._context = open_market(self._folder)
        return self._context.__enter__()

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(None, None, None)
        shutil.rmtree(self._folder)


class _Victim:
    """A command that is killed a few times and then left to finish."""

    def __init__(
        self, market: Market, words: list[str], seed: int, rows: int, real_clock: bool
    ) -> None:
        self._market, self._words = market, words
        self._chance = Random(seed)  # noqa: S311
        self._real_clock = real_clock
        self._journal = market.folder / "journal.sqlite3"
        self._all_entries = ENTRIES_PER_ROW * rows
        self._tally = Tally(rounds=1)

    def kill_until_done(self, sales: Mapping[str, Sale], most_kills: int) -> Tally:
        """Kill it a few times at any moment, then let it finish."""
        for _ in range(self._chance.randint(1, most_kills)):
            if self._is_done_before_it_dies():
                break
            self._count_kill()
            self._come_back()
        self._finish()
        self._tally.flaws += self._market.flaws(sales)
        return self._tally

    def _is_done_before_it_dies(self) -> bool:
        """Kill it when the journal has grown to some random length, or after a random time.

        The journal's length is the better clock: it passes evenly over the work, on a busy machine
        as on an idle one. A moment more lets the request that was just recorded get anywhere.
        """
        before = self._entries()
        length = self._chance.randint(before, max(before, self._all_entries))
        by_length = self._chance.random() < BY_LENGTH
        seconds = self._chance.uniform(0, MOST_SECONDS)
        with self._start() as process:
            while by_length and process.poll() is None and self._entries() <= length:
                time.sleep(0.002)
            try:
                process.wait(seconds if not by_length else seconds / 50)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                return False
            return process.returncode == 0

    def _entries(self) -> int:
        return count_rows(self._journal, "cascade_entries")

    def _finish(self) -> None:
        deadline = time.monotonic() + FINISHED_WITHIN_SECONDS
        while time.monotonic() < deadline:
            with self._start() as process:
                _, complaint = process.communicate()
            if process.returncode not in {ExitCode.INCOMPLETE, ExitCode.LOCKED}:
                break
        if process.returncode != 0:
            self._tally.flaws.append(f"not done: exit {process.returncode}: {complaint}")

    def _start(self) -> subprocess.Popen[str]:
        words = ("--clock", str(self._market.clock), "--", *self._words)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.processes.worker", *words],
            env=self._market.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _count_kill(self) -> None:
        self._tally.kills += 1
        self._tally.undecided += count_rows(self._journal, _UNDECIDED) > 0

    def _come_back(self) -> None:
        """Later, or now and then at once: then what is undecided has to wait."""
        if self._real_clock or self._chance.random() < AT_ONCE:
            self._tally.restarts_at_once += 1
        else:
            self._market.pass_time(AHEAD_SECONDS)


def count_rows(journal: Path, rows: str, *values: object) -> int:
    """How many there are; none where there is no journal."""
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(journal)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {rows}", values).fetchone()
    return int(count)
