"""However many parts of a command ask the journal, it is opened once."""

from __future__ import annotations

from typing import Any

import pytest

from cascade_cli.adapters.journal import sqlite
from tests.harness.counter import Counter


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
        "refund {intent} --dry-run",
        "resolve {intent} --dry-run --snooze 1d --reason late",
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
