"""However many parts of a command ask the journal, it is opened once, and closed at the end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from cascade_cli.adapters.journal import sqlite
from tests.harness.counter import Counter


@pytest.fixture
def nothing_closes_by_itself() -> Iterator[None]:
    """Python's collector would close what nobody uses any more."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("nothing_closes_by_itself")
@pytest.mark.parametrize(
    "command",
    [
        "reconcile --since 7d",
        "reconcile --since last",
        "reconcile --since 7d --repair --yes",
        "status",
        "explain marco",
        "stratagem status {intent}",
        "events list",
        "events replay --since 7d --yes",
        "credit lucia 5 --reason gift --reference again --yes",
        "credit --payment {intent} --reason late --yes",
        "citizen setup --yes",
        "refund {intent} --dry-run",
        "resolve {intent} --dry-run --snooze 1d --reason late",
        "resolve {intent} --snooze 1d --reason late --yes",
    ],
)
def test_a_command_opens_the_journal_once(
    command: str, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = counter.paid()
    counter.credit("lucia", "5")
    opened: list[Any] = []
    engine = sqlite.open_engine

    def counted(*where: Any) -> Any:
        opened.append(where)
        return engine(*where)

    monkeypatch.setattr(sqlite, "open_engine", counted)
    answer = counter.type(*command.format(intent=intent).split())
    assert answer.code in {0, 3}, answer.err
    assert len(opened) == 1
    (path, *_), journal = opened[0], counter.state / "journal.sqlite3"
    assert path == journal
    assert [left for left in sqlite.sidecars(journal) if left.exists()] == []
