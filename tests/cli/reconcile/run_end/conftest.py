from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from apprise import Apprise

from tests.cli.reconcile.run_end.listener import Listener, listening
from tests.cli.terminal.conftest import Cascade, cascade, manual_clock, recently
from tests.harness.commands import Answer

__all__ = ["cascade", "manual_clock", "recently"]


@pytest.fixture(autouse=True, scope="session")
def _apprise_has_loaded() -> None:
    """Some of its plugins import what Python has deprecated, and a warning is an error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert Apprise.instantiate("json://127.0.0.1") is not None


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A chat and a dead man's switch, reached without whatever proxy the developer has."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listening() as listener:
        yield listener


@pytest.fixture
def nightly(cascade: Cascade, listener: Listener) -> Cascade:
    """`reconcile --alert` with the chat set up, and further arguments and settings."""

    def run(*arguments: str, **settings: str | None) -> Answer:
        chosen = {"CASCADE_ALERT_URLS": listener.address, **settings}
        return cascade("reconcile", "--alert", *arguments, **chosen)

    return run
