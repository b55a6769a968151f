"""Two `cascade serve` on one PostgreSQL: when the one that credits dies or hangs, the other does.

    python -m tests.server.takeover

Events reach only the process that does not credit. First the other one is stopped (SIGSTOP) in the
middle of its work, and when it goes on again, the new one is killed (SIGKILL).
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection, state_path
from cascade_cli.sandbox.server import SandboxServer
from tests.harness.postgresql import running_postgresql
from tests.server.load import prepare
from tests.server.posting import Poster
from tests.server.processes import Process, process, wait_until_dealt_with

PROMISED_SECONDS = 60.0
# A write whose fate a stopped process does not know is looked at again after two minutes.
PATIENCE_SECONDS = 300.0
LATENCY_SECONDS = 0.1
RATE = 50.0


@dataclass(frozen=True)
class Takeover:
    """How long nobody credited: `hung` after SIGSTOP, `dead` after SIGKILL. `credited` counts the
    stratagems of each payment."""

    events: int
    hung_seconds: float
    dead_seconds: float
    counts: Mapping[EventState, int]
    credited: Counter[str]

    @property
    def is_whole(self) -> bool:
        """In time, and each payment has exactly one stratagem."""
        once = len(self.credited) == self.events and set(self.credited.values()) == {1}
        quick = max(self.hung_seconds, self.dead_seconds) <= PROMISED_SECONDS
        return once and quick and self.counts[EventState.CREDITED] == self.events

    def __str__(self) -> str:
        counts = {state.value: number for state, number in self.counts.items()}
        twice = sum(1 for number in self.credited.values() if number > 1)
        return (
            f"another credits {self.hung_seconds:.1f} s after SIGSTOP and "
            f"{self.dead_seconds:.1f} s after SIGKILL; {self.events} events: {counts}; "
            f"{len(self.credited)} payments have a stratagem, {twice} more than one"
        )


class Pair:
    """Two processes on one journal, over one sandbox."""

    def __init__(self, servers: Sequence[Process], app: SandboxApp) -> None:
        self._servers, self._app = servers, app

    def credited(self) -> Counter[str]:
        """How many stratagems each payment has."""
        rows = self._app.airtable.tables.select("STRATAGEMS")
        return Counter(str(row["fields"]["StratagemId"]) for row in rows)

    def one_that_credits(self) -> tuple[Process, Process]:
        """The worker and the other one, once both say the same."""
        first, second = self._servers
        wait_until(lambda: worker_of(first) is not None and worker_of(first) == worker_of(second))
        return (first, second) if worker_of(first) == first.pid else (second, first)

    def seconds_until_credited(self, bodies: Sequence[bytes], to: Process) -> float:
        """How long it takes from now until all of these are, told to that process."""
        begun = time.monotonic()
        deliver(bodies, to)
        wait_until(lambda: worker_of(to) == to.pid)
        wanted = {f"cascade_payment_{json.loads(b)['data']['object']['id']}" for b in bodies}
        wait_until(lambda: wanted <= self.credited().keys())
        return time.monotonic() - begun


def deliver(bodies: Sequence[bytes], to: Process) -> None:
    """What is not acknowledged is sent again, as Stripe does."""
    deadline = time.monotonic() + 2 * PROMISED_SECONDS
    while bodies:
        assert time.monotonic() < deadline, "not all of it was ever acknowledged"
        answers = asyncio.run(Poster(to.url).post_all(bodies, RATE))
        bodies = [body for number, body in enumerate(bodies) if number not in answers.acknowledged]
        if bodies:
            time.sleep(1.0)


def worker_of(server: Process) -> int | None:
    """The process that credits, as this one says."""
    found: dict[str, Any] = requests.get(f"{server.url}/readyz", timeout=30).json()
    worker = found["parts"]["worker"]
    assert worker["ok"] or not worker.get("here")
    pid: int | None = worker.get("pid")
    return pid


def wait_until(holds: Callable[[], bool], seconds: float = 2 * PROMISED_SECONDS) -> None:
    """Return once it holds; fail if it does not within the time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.2)


def play(folder: Path, journal: str, *, events: int) -> Takeover:
    """So many events before, after the one and after the other mishap."""
    bodies = prepare(folder, 3 * events)
    app = SandboxApp(state_path(folder), latency_seconds=LATENCY_SECONDS)
    with closing(app), SandboxServer(app.handle) as sandbox:
        settings = {
            **Connection(sandbox.url).settings(),
            "CASCADE_AIRTABLE_RATE": "0",
            "CASCADE_STRIPE_RATE": "0",
            "CASCADE_STATE_DIR": str(folder),
            "CASCADE_JOURNAL_URL": journal,
            "CASCADE_MAX_DUCATS_PER_DAY": "100000000",
        }
        serve = ("serve", "--port", "0")
        with process(*serve, settings=settings) as one, process(*serve, settings=settings) as two:
            pair = Pair((one, two), app)
            worker, other = pair.one_that_credits()
            deliver(bodies[:events], other)
            wait_until(lambda: bool(pair.credited()))
            worker.signal(signal.SIGSTOP)
            hung = pair.seconds_until_credited(bodies[events : 2 * events], other)
            worker.signal(signal.SIGCONT)
            wait_until(lambda: worker_of(worker) == other.pid)
            wait_until_dealt_with(journal, PATIENCE_SECONDS)
            other.kill()
            dead = pair.seconds_until_credited(bodies[2 * events :], worker)
            counts = wait_until_dealt_with(journal, PATIENCE_SECONDS)
            worker.stop()
        return Takeover(3 * events, hung, dead, counts, pair.credited())


def main() -> int:
    """Play it; exit code 1 if a promise is broken."""
    with tempfile.TemporaryDirectory() as folder, running_postgresql() as server:
        takeover = play(Path(folder), server.new_url(), events=60)
    sys.stdout.write(f"{takeover}\n")
    return 0 if takeover.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
