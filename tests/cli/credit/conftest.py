from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import time_machine

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.server import SandboxServer
from tests.harness.counter import Counter
from tests.harness.faults import Network
from tests.harness.sandboxed import Recorder, Sandboxed

AFTERNOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def counter(
    no_settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter]:
    """A Friday afternoon: the processor has a million ducats, marco and lucia live in Venice.

    Whoever sleeps, sleeps in no time; both sides' clocks go on by as much.
    """
    with (
        time_machine.travel(AFTERNOON, tick=True) as traveller,
        closing(SandboxApp(":memory:", random=Random(1))) as app,  # noqa: S311
    ):
        monkeypatch.setattr(time, "sleep", traveller.shift)
        network = Network(app.handle)
        recorder = Recorder(network)
        with SandboxServer(recorder) as server:
            sandboxed = Sandboxed(app, recorder, server.url)
            sandboxed.settle(PROCESSOR, AFTERNOON)
            counter = Counter(sandboxed, network, traveller, capsys, no_settings / "state")
            counter.settle("marco", "lucia")
            yield counter
        assert not app.crashes, app.crashes
