"""Two people who decide the same at the same time: it is carried out once, and one is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade_cli.errors import ExitCode
from tests.cli.resolve.cases import reconciled, resolve, run_engine
from tests.cli.resolve.colleagues import Colleague
from tests.cli.resolve.test_killed import CASES
from tests.harness.commands import Answer
from tests.harness.counter import Counter
from tests.harness.faults import is_write
from tests.harness.postgresql import PostgresqlServer

MOVING = ("credit", "take back", "orphan", "not moved")
DONE_OR_REFUSED = {ExitCode.OK, ExitCode.REFUSED, ExitCode.LOCKED}


def _both(
    counter: Counter, folder: Path, words: tuple[str, ...], *settings: dict[str, str]
) -> list[Answer]:
    colleagues = [Colleague(counter, folder, *words, **own) for own in settings]
    return [colleague.ended() for colleague in colleagues]


def _decided_once(counter: Counter, name: str, folder: Path, *settings: dict[str, str]) -> None:
    """Both decide, both look again when one was in the way, the engine runs."""
    make, how, held = CASES[name]
    case = make(counter)
    words = (case, how.format(case))
    first = _both(counter, folder, words, *settings)
    assert {ended.code for ended in first} <= DONE_OR_REFUSED, first
    assert [ended.code for ended in first].count(ExitCode.OK) == 1, first
    run_engine(counter)
    for own in settings:
        again = resolve(counter, *words, **own)
        assert again.code == ExitCode.REFUSED, again
        run_engine(counter)
        reconciled(counter, **own)
    assert {citizen: counter.ducats_of(citizen) for citizen in held} == held


@pytest.mark.parametrize("name", CASES)
def test_typed_twice_it_is_refused_with_who_decided_when_and_why(
    counter: Counter, name: str
) -> None:
    make, how, held = CASES[name]
    case = make(counter)
    words = (case, how.format(case), "--reason", "anna has seen it")
    assert resolve(counter, *words).code == ExitCode.OK
    for _ in range(2):
        again = resolve(counter, *words)
        assert again.code == ExitCode.REFUSED
        told = " ".join(str(word) for word in again.document["error"].values())
        assert ("anna has seen it" in told, "2026-11-20 15:00" in told) == (True, True), told
        run_engine(counter)
    assert {citizen: counter.ducats_of(citizen) for citizen in held} == held
    entries = counter.type("journal", "list", "--json").data["entries"]
    decided = [entry for entry in entries if "decision" in entry["body"]]
    assert len(decided) == 1


@pytest.mark.parametrize("name", CASES)
def test_two_processes_with_one_journal(counter: Counter, tmp_path: Path, name: str) -> None:
    _decided_once(counter, name, tmp_path, {}, {})


@pytest.mark.parametrize("name", CASES)
def test_two_machines_with_one_postgresql(
    counter: Counter, tmp_path: Path, postgresql: PostgresqlServer, name: str
) -> None:
    url = {"CASCADE_JOURNAL_URL": postgresql.new_url()}
    here, there = ({**url, "CASCADE_STATE_DIR": str(tmp_path / place)} for place in ("a", "b"))
    _decided_once(counter, name, tmp_path, here, there)


@pytest.mark.parametrize("name", MOVING)
def test_two_machines_with_a_journal_each(counter: Counter, tmp_path: Path, name: str) -> None:
    make, how, held = CASES[name]
    case = make(counter)
    words = (case, how.format(case))
    here, there = ({"CASCADE_STATE_DIR": str(tmp_path / place)} for place in ("a", "b"))
    on_its_way = counter.network.hold(is_write)
    first = Colleague(counter, tmp_path, *words, **here)
    assert on_its_way.reached.wait(timeout=60)
    second = Colleague(counter, tmp_path, *words, **there)
    # Each has looked, and found nothing of the other's.
    second_ended = second.ended()
    on_its_way.let_go.set()
    assert {first.ended().code, second_ended.code} <= {ExitCode.OK, ExitCode.INCOMPLETE}
    counter.pass_time(minutes=3)
    run_engine(counter)
    for own in (here, there):
        assert resolve(counter, *words, **own).code == ExitCode.REFUSED
        run_engine(counter)
        reconciled(counter, **own)
    assert {citizen: counter.ducats_of(citizen) for citizen in held} == held
