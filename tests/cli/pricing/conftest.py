"""A sandbox with citizens, and cascade's command line pointed at it as at the live services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from tests.harness.commands import Answer, in_this_process
from tests.harness.sandboxed import Sandboxed, served


class Shop:
    """The sandbox as `place`, and cascade run against it."""

    def __init__(self, place: Sandboxed) -> None:
        self.place = place

    def run(self, *arguments: str) -> Answer:
        """One command."""
        return in_this_process(arguments)

    def ask(self, *arguments: str) -> dict[str, Any]:
        """The envelope of --json."""
        return self.run(*arguments, "--json").document


@pytest.fixture
def shop(no_settings: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with closing(SandboxApp(":memory:")) as app:
        seed(app, scenario="empty", until=app.now())
        with served(app) as place:
            for name, value in place.environment().items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("CASCADE_STATE_DIR", str(no_settings / "state"))
            yield Shop(place)
        assert not app.crashes, app.crashes
