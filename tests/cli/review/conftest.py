from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import time_machine

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.server import SandboxServer
from tests.cli.review.terminal import Terminal
from tests.harness.counter import Counter
from tests.harness.faults import Network
from tests.harness.sandboxed import Recorder, Sandboxed


@pytest.fixture
def shop(no_settings: Path) -> Iterator[Counter]:
    """The counter at the real time: a process of its own asks the real clock."""
    began = datetime.now(UTC)
    with (
        time_machine.travel(began, tick=True) as traveller,
        closing(SandboxApp(":memory:", random=Random(1))) as app,  # noqa: S311
    ):
        network = Network(app.handle)
        recorder = Recorder(network)
        with SandboxServer(recorder) as server:
            sandboxed = Sandboxed(app, recorder, server.url)
            sandboxed.move_in(PROCESSOR, began)
            counter = Counter(sandboxed, network, traveller, no_settings / "state")
            counter.move_in("marco", "lucia")
            yield counter
        assert not app.crashes, app.crashes


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Terminals that a test opens are closed with it."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def at_terminal(shop: Counter, stack: ExitStack, no_settings: Path) -> type[Terminal]:
    """Opens `cascade review` at a terminal, as often as it is called."""

    class Opened(Terminal):
        def __init__(self, *words: str, rows: int = 24, columns: int = 80, **settings: str) -> None:
            environment = {**shop.environment(), "HOME": str(no_settings), **settings}
            super().__init__(words, environment, no_settings, rows, columns)
            stack.callback(self.close)

    return Opened
