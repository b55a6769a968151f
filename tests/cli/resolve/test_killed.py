"""A decision whose process is killed at any of its requests, and typed again, is carried out once.

The process is a real one, and the signal is SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.resolve.cases import (
    doubtful,
    orphan,
    reconciled,
    resolve,
    run_engine,
    twice,
    wrong_citizen,
)
from tests.cli.resolve.colleagues import Colleague
from tests.harness.counter import Counter
from tests.harness.faults import unavailable

# The requests before that read both sides; nothing of the decision is written yet.
FIRST, MOST_REQUESTS = 4, 40


def _gifted(counter: Counter) -> str:
    payment = wrong_citizen(counter)
    assert counter.credit("marco", "100", "--reference", f"for-{payment}").code == 0
    run_engine(counter)
    return payment


def _arrived(counter: Counter) -> str:
    return doubtful(counter, moved=True)


CASES: dict[str, tuple[Callable[[Counter], str], str, dict[str, float]]] = {
    "credit": (wrong_citizen, "--credit", {"marco": 100, "lucia": 100}),
    "take back": (twice, "--take-back", {"marco": 100}),
    "orphan": (orphan, "--take-back", {"lucia": 0}),
    "not moved": (doubtful, "--not-moved", {"marco": 100}),
    "moved": (_arrived, "--moved", {"marco": 100}),
    "settled by": (_gifted, "--settled-by=cascade_manual_for-{}", {"marco": 100, "lucia": 100}),
    "accept": (twice, "--accept", {"marco": 200}),
}


def _broken_off(
    counter: Counter, folder: Path, words: tuple[str, ...], number: int, *, applied: bool
) -> bool:
    """Whether it was killed at that request."""
    at = len(counter.requests) + number
    if not applied:
        counter.network.break_(lambda _: len(counter.requests) >= at, unavailable())
    colleague = Colleague(counter, folder, *words)
    counter.sandboxed.recorder.before(at, colleague.kill)
    ended = colleague.ended()
    counter.network.heal()
    assert ended.code in {0, -9}, ended
    return ended.code == -9


def _typed_again(counter: Counter, words: tuple[str, ...]) -> None:
    counter.pass_time(minutes=3)
    again = resolve(counter, *words)
    assert again.code in {0, 7}, again
    counter.pass_time(minutes=3)
    run_engine(counter)
    assert resolve(counter, *words).code == 7
    run_engine(counter)


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_request_and_typed_again(
    counter: Counter, tmp_path: Path, name: str, *, applied: bool
) -> None:
    make, how, held = CASES[name]
    for number in range(FIRST, MOST_REQUESTS):
        before = {citizen: counter.ducats_of(citizen) for citizen in held}
        case = make(counter)
        words = (case, how.format(case))
        is_killed = _broken_off(counter, tmp_path, words, number, applied=applied)
        _typed_again(counter, words)
        gained = {citizen: counter.ducats_of(citizen) - before[citizen] for citizen in held}
        assert gained == held
        if not is_killed:
            break
    assert not is_killed
    reconciled(counter)
