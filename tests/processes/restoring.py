"""Backups while a repair runs, kill -9 at any moment of all three, a restore on another machine:
how many were paid?"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import psycopg

from cascade_cli.adapters.journal import Journal
from cascade_cli.errors import ExitCode
from cascade_cli.wiring import this_worker
from tests.processes.killing import AHEAD_SECONDS, ENTRIES_PER_ROW, count_rows, sales_of
from tests.processes.market import Market, Sale, open_market
from tests.processes.nursery import Child

MOST_BACKUPS = 3
KILLED = 1 / 3
MOST_TRIES = 10
# As long as a backup, or a restore, takes on an idle machine.
MOST_SECONDS = 1.0
_WAITS = "may still be applied"


@dataclass
class Restores:
    """What a round, or many, came to; `behind` are entries that the restored backups lacked."""

    rounds: int = 0
    backups: int = 0
    kills: int = 0
    behind: int = 0
    flaws: list[str] = field(default_factory=list)

    def add(self, other: Restores) -> None:
        """Sum up."""
        self.rounds += other.rounds
        self.backups += other.backups
        self.kills += other.kills
        self.behind += other.behind
        self.flaws += other.flaws

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.backups} backups, {self.kills} kills; the restored "
            f"journals lacked {self.behind} entries: {len(self.flaws)} flaws"
        )


def restore_round(
    seed: int, *, rows: int = 100, journals: tuple[str, str] | None = None
) -> Restores:
    """One shop that dies in the middle of a repair, and goes on elsewhere from a backup.

    `journals` are the addresses of two empty schemas of PostgreSQL, for here and for there; without
    them the journals are files.
    """
    folder = Path(tempfile.mkdtemp(prefix="cascade-restore-"))
    try:
        with open_market(folder / "here") as market:
            sales = sales_of(rows)
            market.move_in(sales)
            sales = market.sell(sales)
            by_key = {f"cascade_payment_{sale.payment_intent}": sale for sale in sales}
            return _Disaster(market, folder, seed, rows, journals).strike(by_key)
    finally:
        shutil.rmtree(folder)


class _Disaster:
    def __init__(
        self,
        market: Market,
        folder: Path,
        seed: int,
        rows: int,
        journals: tuple[str, str] | None,
    ) -> None:
        self._market, self._rows, self._folder = market, rows, folder
        self._backups, self._elsewhere = folder / "backups", folder / "elsewhere"
        self._backups.mkdir()
        self._on_server = journals is not None
        files = (market.folder / "journal.sqlite3", self._elsewhere / "journal.sqlite3")
        self._lost, self._found = journals or (f"sqlite:///{files[0]}", f"sqlite:///{files[1]}")
        self._chance = Random(seed)  # noqa: S311
        self._came_to = Restores(rounds=1)
        self._started = 0

    def strike(self, sales: Mapping[str, Sale]) -> Restores:
        """Repair and back up, die, restore, repair to the end."""
        self._work_until_it_dies()
        self._check_backups()
        self._restore(self._chance.choice(self._whole()))
        self._finish()
        self._came_to.flaws += self._market.flaws(sales)
        return self._came_to

    def _work_until_it_dies(self) -> None:
        """The repair goes on while backups are made, some of which die in the middle.

        The journal's length says when: it passes evenly, on a busy machine as on an idle one.
        """
        most = ENTRIES_PER_ROW * self._rows * 9 // 10
        lengths = sorted(self._chance.randint(1, most) for _ in range(MOST_BACKUPS + 1))
        repair = self._start("reconcile", "--repair", "--yes")
        for number, length in enumerate(lengths[:-1], 1):
            self._wait_for(repair, length)
            dies = number < MOST_BACKUPS and self._chance.random() < KILLED
            self._back_up(number, dies=dies)
        self._wait_for(repair, lengths[-1])
        if repair.is_running:
            repair.kill()
            self._came_to.kills += 1

    def _wait_for(self, repair: Child, length: int) -> None:
        while _entries(self._lost) < length and repair.is_running:
            time.sleep(0.02)

    def _back_up(self, number: int, *, dies: bool) -> None:
        child = self._start("journal", "backup", str(self._backups / f"{number}.sqlite3"))
        if dies and self._is_killed_in_time(child):
            return
        if (ended := child.ended()).code != 0:
            self._came_to.flaws.append(f"backup {number}: exit {ended.code}: {ended.err}")

    def _whole(self) -> list[Path]:
        """Whatever has a backup's name."""
        return sorted(self._backups.glob("?.sqlite3"))

    def _check_backups(self) -> None:
        self._came_to.backups += len(self._whole())
        for path in self._whole():
            self._verify(path.name, f"sqlite:///{path}")

    def _verify(self, name: str, url: str) -> None:
        with closing(_journal(url)) as journal:
            if flaw := journal.verify().flaw:
                self._came_to.flaws.append(f"{name}: {flaw}")

    def _restore(self, backup: Path) -> None:
        """It may die as well, at any moment; then the same command is typed again."""
        self._came_to.behind += _entries(self._lost) - _entries(f"sqlite:///{backup}")
        words = ("journal", "restore", str(backup), "--yes")
        if self._is_killed_in_time(self._start(*words, here=False)):
            whole = self._elsewhere / "journal.sqlite3"
            assert not whole.exists() or whole.stat().st_size
        child, is_told = self._start(*words, here=False), False
        while child.is_running:
            if _WAITS in child.said and not is_told:
                # Nobody wants to wait until no lost write can be on its way.
                self._market.pass_time(AHEAD_SECONDS)
                is_told = True
            time.sleep(0.02)
        if (ended := child.ended()).code != 0:
            self._came_to.flaws.append(f"restore: exit {ended.code}: {ended.err}")
        self._verify("the restored journal", self._found)

    def _is_killed_in_time(self, child: Child) -> bool:
        deadline = time.monotonic() + self._chance.uniform(0, MOST_SECONDS)
        while child.is_running and time.monotonic() < deadline:
            time.sleep(0.005)
        if not child.is_running:
            return False
        child.kill()
        self._came_to.kills += 1
        return True

    def _finish(self) -> None:
        for _ in range(MOST_TRIES):
            # What was under way when the backup was made is still held, or of unknown fate.
            self._market.pass_time(AHEAD_SECONDS)
            ended = self._start("reconcile", "--repair", "--yes", here=False).ended()
            if ended.code not in {ExitCode.INCOMPLETE, ExitCode.LOCKED}:
                break
        if ended.code != 0:
            self._came_to.flaws.append(f"not done: exit {ended.code}: {ended.err}")

    def _start(self, *words: str, here: bool = True) -> Child:
        state = {} if here else {"CASCADE_STATE_DIR": str(self._elsewhere)}
        if self._on_server:
            state["CASCADE_JOURNAL_URL"] = self._lost if here else self._found
        self._started += 1
        streams = self._folder / f"said-{self._started}"
        streams.mkdir()
        clock = ("--clock", str(self._market.clock), "--")
        return Child((*clock, *words), self._market.environment(**state), streams)


def _journal(url: str) -> Journal:
    return Journal(url, this_worker("check"), now=lambda: datetime.now(UTC))


def _entries(url: str) -> int:
    """Zero where there is no journal yet."""
    if url.startswith("sqlite:"):
        return count_rows(Path(url.removeprefix("sqlite:///")), "cascade_entries")
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT to_regclass('cascade_entries')").fetchone()
        if found is None or found[0] is None:
            return 0
        row = connection.execute("SELECT count(*) FROM cascade_entries").fetchone()
        return int(row[0]) if row else 0
