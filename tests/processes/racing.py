"""Four processes credit the same payments at once: how many were paid?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cascade_cli.adapters.journal import Journal
from cascade_cli.wiring import this_worker
from tests.processes.market import Market, Sale, open_market

PROCESSES = 4
WORKER = (sys.executable, "-m", "tests.processes.worker")
PAYMENTS = 100


def race_round(
    seed: int, *, journal_url: str = "", payments: int = PAYMENTS, alone: bool = False
) -> list[str]:
    """What was not exactly once; with no `journal_url` the journal is SQLite in a new folder.

    With `alone` each process credits one by one from Python, else some at a time as commands do.
    """
    with (
        tempfile.TemporaryDirectory(prefix="cascade-race-") as folder,
        open_market(Path(folder)) as market,
    ):
        sales = [Sale(f"citizen_{n}", 10 + n % 50) for n in range(payments)]
        market.move_in(sales)
        sales = market.sell(sales)
        url = journal_url or f"sqlite:///{folder}/journal.sqlite3"
        flaws = _race(market, sales, seed, url, alone)
        flaws += market.flaws({f"cascade_payment_{sale.payment_intent}": sale for sale in sales})
        return flaws + _journal_flaws(url, payments)


def _race(market: Market, sales: list[Sale], seed: int, journal_url: str, alone: bool) -> list[str]:
    file = market.folder / "payments.csv"
    file.write_text(
        "".join(f"{sale.citizen},{sale.ducats},{sale.payment_intent}\n" for sale in sales)
    )
    words = [*WORKER, "--credit", str(file), *(["--alone"] if alone else [])]
    runners = [
        subprocess.Popen(
            [*words, "--seed", str(seed * PROCESSES + number)],
            env=market.environment(CASCADE_JOURNAL_URL=journal_url),
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    complaints = [runner.communicate()[1] for runner in runners]
    return [
        f"exit {runner.returncode}: {complaint}"
        for runner, complaint in zip(runners, complaints, strict=True)
        if runner.returncode
    ]


def _journal_flaws(url: str, payments: int) -> list[str]:
    with closing(Journal(url, this_worker("race"), now=lambda: datetime.now(UTC))) as journal:
        verification = journal.verify()
        kinds = [str(entry.kind) for entry in journal.entries()]
    flaws = [] if verification.is_intact else [f"journal: {verification.flaw}"]
    if (intents := kinds.count("intent")) != payments:
        flaws.append(f"journal: {intents} intents")
    return flaws
