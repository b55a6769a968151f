"""How long a command takes to begin: whole processes in turns, so that noise hits all alike."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from statistics import median

from cascade_cli.cli.completion.answer import VARIABLE
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection
from cascade_cli.sandbox.seed import seed
from cascade_cli.sandbox.server import SandboxServer
from tests.benchmarks.rows import Line, NotInstalledError
from tests.server.processes import ROOT, clean_environment

NOTHING = (sys.executable, "-c", "pass")
CASCADE = (sys.executable, "-m", "cascade_cli")
SDKS = (sys.executable, "-c", "import stripe, pyairtable")
# What the documentation of Typer begins with.
TWO_COMMANDS = """
import typer
app = typer.Typer()
@app.command()
def hello(name: str): print(f"Hello {name}")
@app.command()
def goodbye(name: str, formal: bool = False): print(f"Bye {name}")
app()
"""
SHORTEST_WAIT = 0.1
"""Seconds in which an answer to a key is there at once."""
FEWEST = 15
"""Processes of each: they are quick, and their times spread widely."""


def version(runs: int) -> Iterator[Line]:
    """`cascade --version` against Python itself."""
    seconds = _side_by_side(runs, {"python": NOTHING, "cascade": (*CASCADE, "--version")})
    yield _against(seconds, "cascade --version", "python", "python -c pass", 3)


def help_(runs: int) -> Iterator[Line]:
    """`cascade --help` against the smallest Typer app, and against a well-made neighbour."""
    neighbour = shutil.which("sqlite-utils", path=str(Path(sys.executable).parent))
    commands: dict[str, Sequence[str]] = {
        "typer": (sys.executable, "-c", TWO_COMMANDS, "--help"),
        "cascade": (*CASCADE, "--help"),
    }
    if neighbour:
        commands["neighbour"] = (neighbour, "--help")
    seconds = _side_by_side(runs, commands)
    yield _against(seconds, "cascade --help", "typer", "smallest two-command Typer app", 1.1)
    if not neighbour:
        raise NotInstalledError("sqlite-utils is missing: pip install '.[bench]'")
    yield _against(seconds, "cascade --help", "neighbour", "sqlite-utils --help", 1)


def tab(runs: int) -> Iterator[Line]:
    """A Tab for an id, which the journal of a seeded week knows, as a whole process."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"CASCADE_STATE_DIR": folder}
        asked = {VARIABLE: "bash", "_CASCADE_LINE": "cascade --sandbox explain pi_", **settings}
        week = (*CASCADE, "--sandbox", "reconcile", "--since", "7d")
        subprocess.run(
            week, cwd=ROOT, env=clean_environment(**settings), capture_output=True, check=False
        )
        seconds = _side_by_side(runs, {"python": NOTHING, "cascade": CASCADE}, asked)
    took, smallest = median(seconds["cascade"]), median(seconds["python"])
    ratio = f"{took / smallest:.2f} × python -c pass ({smallest * 1000:.0f} ms)"
    yield Line("a Tab for an id", f"{took * 1000:.0f} ms", ratio, "≤ 100 ms", took <= SHORTEST_WAIT)


def empty_window(runs: int) -> Iterator[Line]:
    """`cascade reconcile` where there is nothing, against importing its two SDKs."""
    with _nothing_sold() as settings:
        commands = {"sdks": SDKS, "cascade": (*CASCADE, "reconcile", "--since", "1h")}
        seconds = _side_by_side(runs, commands, settings)
    yield _against(seconds, "cascade reconcile, empty window", "sdks", "importing both SDKs", 1.3)


@contextmanager
def _nothing_sold() -> Iterator[dict[str, str]]:
    """The settings of a sandbox without sales, and of a state folder that is gone afterwards."""
    with (
        closing(SandboxApp(":memory:", random=Random(1))) as app,  # noqa: S311
        tempfile.TemporaryDirectory() as folder,
    ):
        seed(app, scenario="empty", until=app.now())
        with SandboxServer(app.handle) as server:
            yield {**Connection(server.url).settings(), "CASCADE_STATE_DIR": folder}


def _side_by_side(
    runs: int, commands: Mapping[str, Sequence[str]], settings: Mapping[str, str] | None = None
) -> dict[str, list[float]]:
    """Seconds of each command, taking turns; the first turn warms the caches and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(max(runs, FEWEST) + 1):
        for name, command in commands.items():
            seconds[name].append(_timed(command, settings or {}))
    return {name: taken[1:] for name, taken in seconds.items()}


def _timed(command: Sequence[str], settings: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(
        command, cwd=ROOT, env=clean_environment(**settings), capture_output=True, check=True
    )
    return time.perf_counter() - began


def _against(
    seconds: Mapping[str, Sequence[float]], what: str, other: str, name: str, most: float
) -> Line:
    ratio = median(seconds["cascade"]) / median(seconds[other])
    return Line(
        what,
        f"{median(seconds['cascade']) * 1000:.0f} ms",
        f"{ratio:.2f} × {name} ({median(seconds[other]) * 1000:.0f} ms)",
        f"≤ {most:g}",
        ratio <= most,
    )


ROWS = {"version": version, "help": help_, "tab": tab, "empty-window": empty_window}
