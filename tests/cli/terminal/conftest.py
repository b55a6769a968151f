from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cascade_cli.cli.app import run
from tests.conftest import ManualClock, RunningClock
from tests.harness.invoking import Finished
from tests.harness.sandboxed import Sandboxed

Cascade = Callable[..., Finished]


@pytest.fixture
def manual_clock() -> ManualClock:
    """The sandbox's time is the real one here, as cascade's is."""
    return RunningClock()


@pytest.fixture
def recently() -> datetime:
    """An hour ago: cascade asks the real clock how old a charge is."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def cascade(
    sandboxed: Sandboxed,
    no_settings: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cascade:
    """Runs a command line in this process, set up for the sandbox unless told otherwise."""

    def invoke(*arguments: str, **settings: str | None) -> Finished:
        state = {"CASCADE_STATE_DIR": str(no_settings / "state"), "COLUMNS": "80"}
        with monkeypatch.context() as patch:
            for name, value in {**sandboxed.environment(), **state, **settings}.items():
                if value is None:
                    patch.delenv(name, raising=False)
                else:
                    patch.setenv(name, value)
            code = run(arguments)
        _finish_readers()
        return Finished(code, *capsys.readouterr())

    return invoke


def _finish_readers() -> None:
    """When one service failed, the other is still being read; a process would just end."""
    for thread in threading.enumerate():
        if "_fulfil" in thread.name:
            thread.join()
