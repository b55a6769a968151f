"""`kill -9` of `cascade serve` under load: whatever it acknowledged is credited once in the end.

    python -m tests.server.kill --rounds 20

The sandbox outlives the server. After the last round the server is started once more, gets what it
never acknowledged a second time, as Stripe would send it, and is left in peace.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection, state_path
from cascade_cli.sandbox.server import SandboxServer
from tests.server.load import prepare
from tests.server.posting import Poster
from tests.server.processes import process, wait_until_dealt_with

RATE = 100.0
# Writes whose fate a killed process took with it are looked at again after two minutes.
PATIENCE_SECONDS = 300.0
FIRST_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Kills:
    """What became of the events: `credited` counts the stratagems of each payment."""

    events: int
    acknowledged: int
    counts: Mapping[EventState, int]
    credited: Counter[str]

    @property
    def is_whole(self) -> bool:
        """Each payment has exactly one stratagem, and nothing is left to do."""
        once = len(self.credited) == self.events and set(self.credited.values()) == {1}
        return once and self.counts[EventState.CREDITED] == self.events

    def __str__(self) -> str:
        counts = {state.value: number for state, number in self.counts.items()}
        twice = sum(1 for number in self.credited.values() if number > 1)
        return (
            f"{self.events} events, {self.acknowledged} acknowledged before a kill: {counts}; "
            f"{len(self.credited)} payments have a stratagem, {twice} more than one"
        )


def play(folder: Path, *, rounds: int, events: int, seed: int) -> Kills:
    """So many rounds with so many events each."""
    chance = random.Random(seed)  # noqa: S311
    bodies = prepare(folder, rounds * events)
    journal = f"sqlite:///{folder}/journal.sqlite3"
    with closing(SandboxApp(state_path(folder))) as app, SandboxServer(app.handle) as sandbox:
        settings = {
            **Connection(sandbox.url).settings(),
            "CASCADE_AIRTABLE_RATE": "0",
            "CASCADE_STRIPE_RATE": "0",
            "CASCADE_STATE_DIR": str(folder),
            "CASCADE_JOURNAL_URL": journal,
            "CASCADE_MAX_DUCATS_PER_DAY": "100000000",
        }
        lost, acknowledged = list[bytes](), 0
        for number in range(rounds):
            mine = bodies[number * events : (number + 1) * events]
            kept = _round(settings, mine, chance.uniform(0, events / RATE + 0.4))
            acknowledged += len(kept)
            lost += [body for index, body in enumerate(mine) if index not in kept]
        with process("serve", "--port", "0", settings=settings) as server:
            asyncio.run(Poster(server.url).post_all(lost, RATE))
            counts = wait_until_dealt_with(journal, PATIENCE_SECONDS)
        rows = app.airtable.tables.select("STRATAGEMS")
    credited = Counter(str(row["fields"]["StratagemId"]) for row in rows)
    return Kills(len(bodies), acknowledged, counts, credited)


def _round(settings: Mapping[str, str], bodies: list[bytes], seconds: float) -> set[int]:
    """Load, and a kill so long after the first answer, however slow the machine is; the numbers of
    the bodies that were acknowledged."""
    with process("serve", "--port", "0", settings=settings) as server:
        poster, killed = Poster(server.url), threading.Event()

        def kill() -> None:
            deadline = time.monotonic() + FIRST_ANSWER_SECONDS
            while not poster.answers.statuses and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(seconds)
            server.kill()
            killed.set()

        killer = threading.Thread(target=kill)
        killer.start()
        answers = asyncio.run(poster.post_all(bodies, RATE, until=killed.is_set))
        killer.join()
    return answers.acknowledged


def main() -> int:
    """Play it; exit code 1 if anything was lost or paid twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--events", type=int, default=100, help="in each round")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kills = play(Path(folder), rounds=options.rounds, events=options.events, seed=options.seed)
    sys.stdout.write(f"{options.rounds} rounds in {time.monotonic() - begun:.0f} s: {kills}\n")
    return 0 if kills.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
