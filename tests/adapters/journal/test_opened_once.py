"""However many parts of a command ask the journal, it is opened once, and closed at the end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.adapters.journal import sqlite
from cascade_cli.sandbox.instance import Connection
from cascade_cli.settings import Settings
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.journal import ShopJournal
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


def test_a_journal_that_took_its_place_is_read_after_it_was_closed(tmp_path: Path) -> None:
    invocation = Invocation(environ={"CASCADE_STATE_DIR": str(tmp_path)})
    settings = Settings.read(Connection("http://127.0.0.1:9").settings())
    with closing(ShopJournal(invocation, settings)) as shop:
        for run in (1, 2):
            with closing(ShopJournal(invocation, settings)) as other:
                other.used_by(this_worker("credit")).run_event({"run": run})
            archive = shop.archive(invocation.now)
            assert archive
            assert [entry.body for entry in archive.journal.entries()] == [{"run": run}]
            reading = shop.to_read()
            assert reading
            assert [entry.body for entry in reading.entries()] == [{"run": run}]
            shop.close()
            (tmp_path / "journal.sqlite3").unlink()
        assert shop.to_read() is None
        assert shop.archive(invocation.now) is None
