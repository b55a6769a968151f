"""Runs commands against their cassettes, at one moment."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from cascade_cli.cli.app import run
from cascade_cli.sandbox.instance import Connection
from cascade_cli.sandbox.server import SandboxServer
from tests.cassettes.tape import Tape
from tests.harness.sandboxed import Sandboxed

NOW = datetime(2026, 11, 20, 15, 0, 1, tzinfo=UTC)

Exchanged = Callable[..., tuple[int, Tally[str]]]


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No time passes, and whoever runs this is called anna."""
    monkeypatch.setenv("LOGNAME", "anna")
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def exchanged(
    no_settings: Path, sandboxed: Sandboxed, record_mode: str, monkeypatch: pytest.MonkeyPatch
) -> Exchanged:
    """Runs a command against its cassette; with --record-mode=rewrite, records it anew."""

    def exchange(name: str, *words: str) -> tuple[int, Tally[str]]:
        recording = record_mode == "rewrite"
        tape = Tape(name, sandboxed.app.handle if recording else None)
        with SandboxServer(tape) as server:
            settings = {**sandboxed.environment(), **Connection(server.url).settings()}
            for setting, value in settings.items():
                monkeypatch.setenv(setting, value)
            monkeypatch.setenv("CASCADE_STATE_DIR", str(no_settings / "state"))
            code = run(words)
        if recording:
            tape.save()
        assert (tape.unknown, tape.unplayed) == ([], [])
        return code, tape.asked

    return exchange
