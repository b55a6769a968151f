"""A decision that breaks off at any write is carried out once, by whoever types it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cascade_cli.errors import ExitCode
from tests.cli.resolve.cases import (
    doubtful,
    orphan,
    reconciled,
    resolve,
    run_engine,
    too_few,
    twice,
    wrong_citizen,
)
from tests.harness.counter import Counter
from tests.harness.faults import is_create, is_update, unavailable
from tests.harness.postgresql import PostgresqlServer

CASES: dict[str, tuple[Callable[[Counter], str], str, dict[str, float]]] = {
    "credit": (wrong_citizen, "--credit", {"marco": 100, "lucia": 100}),
    "rest": (too_few, "--credit", {"marco": 100}),
    "take back": (twice, "--take-back", {"marco": 100}),
    "orphan": (orphan, "--take-back", {"lucia": 0}),
    "not moved": (doubtful, "--not-moved", {"marco": 100}),
}


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("write", [is_create, is_update])
@pytest.mark.parametrize("name", CASES)
def test_killed_between_a_write_and_its_answer(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, name: str, write: object, applied: bool
) -> None:
    make, how, held = CASES[name]
    case = make(counter)
    counter.network.break_(write, unavailable(), applied=applied)  # type: ignore[arg-type]
    with monkeypatch.context() as patch:

        def interrupted(_seconds: float) -> None:
            raise KeyboardInterrupt

        # It would wait for the write's fate: somebody does not.
        patch.setattr(time, "sleep", interrupted)
        first = resolve(counter, case, how).code
    assert first in {ExitCode.OK, ExitCode.INTERRUPTED}
    counter.network.heal()
    counter.pass_time(minutes=3)
    for _ in range(2):
        again = resolve(counter, case, how)
        assert again.code in {0, 7}, again
    run_engine(counter)
    assert {name: counter.ducats_of(name) for name in held} == held
    assert resolve(counter, case, how).code == 7
    reconciled(counter)


def test_two_people_on_two_machines_share_what_they_decided(
    counter: Counter, tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    url = {"CASCADE_JOURNAL_URL": postgresql.new_url()}
    here = {**url, "CASCADE_STATE_DIR": str(tmp_path / "here")}
    there = {**url, "CASCADE_STATE_DIR": str(tmp_path / "there")}
    payment = wrong_citizen(counter)
    assert resolve(counter, payment, "--credit", **here).code == 0
    again = resolve(counter, payment, "--credit", **there)
    assert again.code == 7
    assert "looked into" in str(again.document["error"])
    run_engine(counter)
    assert resolve(counter, payment, "--accept", **there).code == 0
    assert reconciled(counter, **here)["decided"] == {"accept": 1}
    assert resolve(counter, payment, "--accept", **here).code == 7
    assert counter.ducats_of("marco") == 100
