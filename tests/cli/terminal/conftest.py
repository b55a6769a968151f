from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.harness.clocks import ManualClock, RunningClock
from tests.harness.commands import Answer, in_this_process
from tests.harness.sandboxed import Sandboxed

Cascade = Callable[..., Answer]


@pytest.fixture
def manual_clock() -> ManualClock:
    """The sandbox's time is the real one here, as cascade's is."""
    return RunningClock()


@pytest.fixture
def recently() -> datetime:
    """An hour ago: cascade asks the real clock how old a charge is."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def cascade(sandboxed: Sandboxed, no_settings: Path) -> Cascade:
    """Runs a command line in this process, set up for the sandbox unless told otherwise."""

    def invoke(*arguments: str, **settings: str | None) -> Answer:
        state = {"CASCADE_STATE_DIR": str(no_settings / "state"), "COLUMNS": "80"}
        answer = in_this_process(arguments, {**sandboxed.environment(), **state, **settings})
        _finish_readers()
        return answer

    return invoke


def _finish_readers() -> None:
    """When one service failed, the other is still being read; a process would just end."""
    for thread in threading.enumerate():
        if "(_report)" in thread.name:
            thread.join()
