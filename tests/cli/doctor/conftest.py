from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import time_machine

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.server import SandboxServer
from tests.cli.doctor.patient import Network, Patient
from tests.harness.sandboxed import Recorder, Sandboxed

AFTERNOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The services' clock: this machine's, and `ahead` of it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patient(
    clock: Clock,
    no_settings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Patient]:
    """A healthy shop on a Friday afternoon; whoever sleeps, sleeps in no time."""
    with (
        time_machine.travel(AFTERNOON, tick=True) as traveller,
        closing(SandboxApp(":memory:", now=clock, random=Random(1))) as app,  # noqa: S311
    ):
        monkeypatch.setattr(time, "sleep", traveller.shift)
        network = Network(app.handle)
        recorder = Recorder(network)
        with SandboxServer(recorder) as server:
            sandboxed = Sandboxed(app, recorder, server.url)
            patient = Patient(sandboxed, network, no_settings, traveller)
            patient.make_healthy()
            recorder.requests.clear()
            yield patient
        assert not app.crashes, app.crashes
