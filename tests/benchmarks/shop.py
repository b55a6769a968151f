"""A sandbox in a process of its own, and cascade in another, as an operator has them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection, state_path
from tests.benchmarks.script import Script
from tests.server.processes import ROOT, clean_environment, process

AIRTABLE_RATE, STRIPE_RATE = 5, 25
_LIMITS = ("--airtable-rate", str(AIRTABLE_RATE), "--stripe-rate", str(STRIPE_RATE))
# Sales of a day may come to more than an operator would let pass.
_GENEROUS = {"CASCADE_MAX_DUCATS_PER_DAY": "10000000"}


@dataclass(frozen=True)
class Ran:
    """One command: how long its process lived, what it told, and how often it was shut out."""

    seconds: float
    data: dict[str, Any]
    refusals: int

    @property
    def stripe_requests(self) -> int:
        """As the command counts them."""
        return int(self.data["coverage"]["stripe_requests"])

    @property
    def airtable_requests(self) -> int:
        """Likewise."""
        return int(self.data["coverage"]["airtable_requests"])


@dataclass(frozen=True)
class Shop:
    """A served sandbox. `folder` is where cascade keeps its journal of it."""

    url: str
    folder: Path

    def settings(self) -> dict[str, str]:
        """What cascade needs to work with it."""
        return {
            **Connection(self.url).settings(),
            **_GENEROUS,
            "CASCADE_STATE_DIR": str(self.folder),
        }

    def run(self, *words: str, python: str | None = None, **settings: str) -> Ran:
        """`cascade … --json` to its end; by another `python` program than the usual if told."""
        command = ["-c", python] if python else ["-m", "cascade_cli"]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *command, *words, "--json"],
            cwd=ROOT,
            env=clean_environment(**self.settings(), **settings),
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        document = json.loads(done.stdout or "{}")
        if not document.get("data"):
            raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return Ran(seconds, document["data"], done.stderr.count("HTTP 429"))

    def script(self) -> Script:
        """What people write themselves, against the same services."""
        return Script(self.settings())


@contextmanager
def stocked(fill: Callable[[SandboxApp], None]) -> Iterator[Path]:
    """The state folder of a sandbox that `fill` has filled; gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        with closing(SandboxApp(state_path(Path(folder)), random=Random(1))) as app:  # noqa: S311
            fill(app)
        yield Path(folder)


@contextmanager
def shop(stock: Path, *options: str, limited: bool = True) -> Iterator[Shop]:
    """Serve that sandbox, with the live services' limits unless told otherwise, for a cascade
    that has never run before."""
    words = ("sandbox", "serve", "--port", "0", *options, *(_LIMITS if limited else ()))
    with (
        process(*words, settings={"CASCADE_STATE_DIR": str(stock)}) as running,
        tempfile.TemporaryDirectory() as folder,
    ):
        served = Shop(running.url, Path(folder))
        # The sandbox reads its tables when it is first asked.
        served.script().warm_up()
        time.sleep(1)
        yield served
