"""Two thousand sales, reconciled by a process of its own: what it takes must not grow unseen."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import state_path
from cascade_cli.sandbox.seed import seed
from tests.harness.commands import COMMAND, environment

# Long over, so that the present moment changes nothing about what has to be asked.
UNTIL = datetime(2025, 11, 20, 15, 0, tzinfo=UTC)
WINDOW = ("--since", "2025-11-13T15:00:00Z", "--until", "2025-11-20T15:00:00Z")
MOST_MEGABYTES = 250

# A process started from here would count the memory of pytest, which it is forked from, as its own.
_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


@dataclass(frozen=True)
class Run:
    """What a reconciliation reported, and the most memory that it held."""

    data: dict[str, Any]
    megabytes: float


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("large")
    chance = random.Random(1)  # noqa: S311
    with closing(SandboxApp(state_path(home / "state"), random=chance)) as app:
        seed(app, scenario="large", payments=2000, until=UNTIL)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *COMMAND, "--sandbox", "reconcile", "--json", *WINDOW],
        cwd=home,
        env=environment(home),
        capture_output=True,
        check=True,
    )
    return Run(json.loads(done.stdout)["data"], int(done.stderr) / 1024)


def test_every_charge_is_read_and_the_ducats_balance(run: Run) -> None:
    assert run.data["coverage"]["charges"] == 2020
    assert run.data["ducats"]["residual"] == "0"


def test_no_more_requests_are_sent_than_it_takes(run: Run) -> None:
    # Stripe: 23 pages, 1 of the days before, 20 payments by their ids, all disputes by one listing.
    coverage = run.data["coverage"]
    assert (coverage["stripe_requests"], coverage["airtable_requests"]) == (45, 25)


def test_memory_stays_modest(run: Run) -> None:
    assert run.megabytes < MOST_MEGABYTES
