"""Airtable is down while people go on paying: what is credited when, once it is back.

    python -m tests.server.outage --payments 500 --seconds 600

Time is not shortened; the sandbox answers 503 meanwhile. /readyz is asked throughout.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import Response
from tests.server.conftest import Shop, shop_in
from tests.server.events import paid, succeeded

DOWN = Response(503, b"Service Unavailable")
# What its last answer said counts for so long, where nobody has paid since.
NOTICED_WITHIN_SECONDS = 2.0


@dataclass
class Outage:
    """What was seen: `lies` are answers of /readyz that did not name the outage in time."""

    payments: int
    statuses: Counter[int] = field(default_factory=Counter)
    lies: int = 0
    seconds_to_credit: float = 0.0
    requests: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    stratagems: Counter[str] = field(default_factory=Counter)
    is_ready_again: bool = False

    @property
    def is_whole(self) -> bool:
        """All accepted, all credited once, and the truth told throughout."""
        once = len(self.stratagems) == self.payments and set(self.stratagems.values()) == {1}
        honest = self.is_ready_again and not self.lies
        return once and honest and self.statuses == Counter({200: self.payments})


def play(folder: Path, *, payments: int, seconds: float, rate: float) -> Outage:
    """An outage of so many seconds, with payments all through it."""
    seen = Outage(payments)
    settings = {"CASCADE_AIRTABLE_RATE": str(rate), "CASCADE_MAX_DUCATS_PER_DAY": "100000000"}
    with shop_in(folder, **settings) as shop:
        _enrich(shop)
        shop.place.recorder.break_from("airtable", 1, DOWN)
        _pay_meanwhile(shop, seen, seconds)
        shop.place.recorder.mend("airtable")
        before, begun = len(shop.place.recorder.to("airtable")), time.monotonic()
        seen.counts = shop.wait_until_dealt_with(seconds=payments + 120)
        seen.seconds_to_credit = time.monotonic() - begun
        seen.requests = len(shop.place.recorder.to("airtable")) - before
        seen.stratagems = Counter(row["StratagemId"] for row in shop.stratagems())
        seen.is_ready_again = shop.client.get("/readyz").status_code == 200
    return seen


def _enrich(shop: Shop) -> None:
    tables = shop.place.app.airtable.tables
    rows = tables.select("CITIZENS")
    processor = next(row["id"] for row in rows if row["fields"]["Username"] == PROCESSOR)
    tables.update("CITIZENS", processor, {"Ducats": 1e9})


def _pay_meanwhile(shop: Shop, seen: Outage, seconds: float) -> None:
    begun = time.monotonic()
    for number in range(seen.payments):
        time.sleep(max(0.0, begun + seconds * number / seen.payments - time.monotonic()))
        seen.statuses[shop.tell(succeeded(paid(shop.place.app, "marco"))).status_code] += 1
        if time.monotonic() - begun > NOTICED_WITHIN_SECONDS:
            seen.lies += _is_lie(shop)


def _is_lie(shop: Shop) -> bool:
    answer = shop.client.get("/readyz")
    document = answer.json()
    waiting = document["events"]["counts"][EventState.WAITING.value]
    told = not document["parts"]["airtable"]["ok"] and waiting > 0
    return answer.status_code != 503 or not told


def main() -> int:
    """Play it; exit code 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=5.0, help="Airtable requests a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = play(
            Path(folder), payments=options.payments, seconds=options.seconds, rate=options.rate
        )
    twice = sum(1 for number in seen.stratagems.values() if number > 1)
    sys.stdout.write(
        f"{seen.payments} payments in {options.seconds:g} s without Airtable: "
        f"answers {dict(seen.statuses)}, {seen.lies} untrue answers of /readyz.\n"
        f"All dealt with {seen.seconds_to_credit:.0f} s after it was back, by {seen.requests} "
        f"requests: {seen.counts}; {len(seen.stratagems)} credited, {twice} more than once.\n"
    )
    return 0 if seen.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
