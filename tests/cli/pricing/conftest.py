"""A sandbox with citizens, and cascade's command line pointed at it as at the live services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.cli.app import run
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from tests.harness.sandboxed import Sandboxed, served


class Shop:
    """The sandbox as `place`, and cascade run against it."""

    def __init__(self, place: Sandboxed, capsys: pytest.CaptureFixture[str]) -> None:
        self.place, self._capsys = place, capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        code = run(arguments)
        streams = self._capsys.readouterr()
        return code, streams.out, streams.err

    def ask(self, *arguments: str) -> dict[str, Any]:
        """The envelope of --json."""
        document: dict[str, Any] = json.loads(self.run(*arguments, "--json")[1])
        return document


@pytest.fixture
def shop(
    no_settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    with closing(SandboxApp(":memory:")) as app:
        seed(app, scenario="empty", until=app.now())
        with served(app) as place:
            for name, value in place.environment().items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("CASCADE_STATE_DIR", str(no_settings / "state"))
            yield Shop(place, capsys)
        assert not app.crashes, app.crashes
