"""Payments that arrive evenly, within what Airtable allows: does crediting keep up?

    python -m tests.server.even --rate 10 --seconds 60

The sandbox locks everybody out who asks more often than `--airtable-rate`. Server and sandbox are
two processes; `/readyz` is asked every second how far behind crediting is.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection, state_path
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request, Response
from tests.server.events import event_body, paid, succeeded
from tests.server.load import CITIZENS, prepare
from tests.server.posting import Poster
from tests.server.processes import process, wait_until_dealt_with

PROMISED_RATE, PROMISED_BEHIND_SECONDS = 10.0, 15.0


class Counting:
    """Hands requests on to the sandbox; counts them by service, and the answers by status."""

    def __init__(self, app: SandboxApp) -> None:
        self._app, self._lock = app, threading.Lock()
        self.asked, self.statuses = Counter[str](), Counter[int]()

    def __call__(self, request: Request) -> Response:
        response = self._app.handle(request)
        with self._lock:
            self.asked[request.path.split("/")[1]] += 1
            self.statuses[response.status] += 1
        return response


@dataclass(frozen=True)
class Even:
    """What was seen: `behind` are the seconds that the oldest due event had been due, each second
    while events arrived; `credited` counts the stratagems of each payment."""

    payments: int
    behind: tuple[float, ...]
    asked: Counter[str]
    refusals: int
    credited: Counter[str]

    @property
    def is_whole(self) -> bool:
        """Nobody was locked out, each payment has one stratagem, and crediting kept up."""
        once = len(self.credited) == self.payments and set(self.credited.values()) == {1}
        return once and not self.refusals and max(self.behind) <= PROMISED_BEHIND_SECONDS

    def __str__(self) -> str:
        each = ", ".join(
            f"{number / self.payments:.2f} requests to {service} for each"
            for service, number in sorted(self.asked.items())
        )
        third = len(self.behind) // 3
        return (
            f"{self.payments} payments, {len(self.credited)} credited: {each}; "
            f"{self.refusals} answers 429; at most {max(self.behind[:third]):.1f} s behind in the "
            f"first third, {max(self.behind[third:-third]):.1f} s in the second, "
            f"{max(self.behind[-third:]):.1f} s in the last"
        )


def play(folder: Path, *, payments: int, rate: float, airtable_rate: float, latency: float) -> Even:
    """So many payments at `rate` a second."""
    prepare(folder, 0)
    journal = f"sqlite:///{folder}/journal.sqlite3"
    with closing(
        SandboxApp(state_path(folder), airtable_rate=airtable_rate, latency_seconds=latency)
    ) as app:
        counting = Counting(app)
        with SandboxServer(counting) as sandbox:
            settings = {
                **Connection(sandbox.url).settings(),
                "CASCADE_AIRTABLE_RATE": f"{airtable_rate:g}",
                "CASCADE_STATE_DIR": str(folder),
                "CASCADE_JOURNAL_URL": journal,
                "CASCADE_MAX_DUCATS_PER_DAY": "100000000",
            }
            with process("serve", "--port", "0", settings=settings) as server:
                with _watched(server.url) as behind:
                    asyncio.run(Poster(server.url).post_all(_paid_evenly(app, payments), 2 * rate))
                wait_until_dealt_with(journal, 60 + payments / airtable_rate)
        rows = app.airtable.tables.select("STRATAGEMS")
    credited = Counter(str(row["fields"]["StratagemId"]) for row in rows)
    return Even(payments, tuple(behind), counting.asked, counting.statuses[429], credited)


def _paid_evenly(app: SandboxApp, payments: int) -> Iterator[bytes]:
    """Two events of each payment, as Stripe sends them, which is made when they are asked for."""
    for number in range(payments):
        charge = paid(app, f"citizen{number % CITIZENS}")
        yield succeeded(charge)
        yield event_body(f"evt_{charge['id']}", "charge.succeeded", charge)


@contextmanager
def _watched(url: str) -> Iterator[list[float]]:
    """How far behind it was, each second of the block."""
    behind, over = list[float](), threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            parts = requests.get(f"{url}/readyz", timeout=30).json()["parts"]
            behind.append(float(parts["events"]["oldest_due_seconds"]))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield behind
    finally:
        over.set()
        watching.join()


def main() -> int:
    """Play it; exit code 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=PROMISED_RATE, help="payments a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--airtable-rate", type=float, default=5.0, help="requests a second")
    parser.add_argument("--latency", type=float, default=0.1, help="of each sandbox answer, s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        even = play(
            Path(folder),
            payments=round(options.rate * options.seconds),
            rate=options.rate,
            airtable_rate=options.airtable_rate,
            latency=options.latency,
        )
    sys.stdout.write(f"{options.rate:g} a second for {options.seconds:g} s: {even}\n")
    return 0 if even.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
