"""Whoever types what is printed gets to a night without discrepancies."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.server import SandboxServer
from tests.cli.resolve.week import (
    Truth,
    bank_decides,
    debts,
    everybody_has,
    follow,
    held,
    night,
    owed,
    seeded,
)
from tests.harness.commands import Answer
from tests.harness.counter import AFTERNOON, Counter
from tests.harness.faults import Network
from tests.harness.sandboxed import Recorder, Sandboxed

pytestmark = pytest.mark.long

MOST_ROUNDS = 3


@pytest.fixture
def empty(no_settings: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """A counter in a sandbox that holds nothing yet."""
    with (
        time_machine.travel(AFTERNOON, tick=True) as traveller,
        closing(SandboxApp(":memory:", random=Random(1))) as app,  # noqa: S311
    ):
        monkeypatch.setattr(time, "sleep", traveller.shift)
        recorder = Recorder(app.handle)
        with SandboxServer(recorder) as server:
            place = Sandboxed(app, recorder, server.url)
            yield Counter(place, Network(app.handle), traveller, no_settings / "state")
        assert not app.crashes, app.crashes


def is_done(line: Sequence[str], answer: Answer) -> bool:
    """A repair tells as well that other cases are open."""
    return answer.code == 0 or (answer.code == 3 and line[0] == "reconcile")


def typed_through(counter: Counter, truth: Truth) -> dict[str, Any]:
    """The last night, after so many rounds as it may take."""
    refused = []
    for turn in range(MOST_ROUNDS):
        typed = follow(counter, truth, night(counter).data)
        refused += [(turn, line, a.err) for line, a in typed if not is_done(line, a)]
        if not turn:
            bank_decides(counter, truth)
    answer = night(counter)
    left = [(item["kind"], item["evidence"], item["repair"]) for item in answer.data["items"]]
    assert (answer.code, left, refused) == (0, [], [])
    assert answer.data["ducats"]["residual"] == "0"
    return answer.data


def too_much(counter: Counter, truth: Truth) -> dict[str, int]:
    """By citizen, in hundredths, beyond what was paid for; less than that is below zero."""
    have, due = held(counter, truth), owed(counter, truth)
    return {k: have[k] - due[k] for k in have | due if abs(have[k] - due[k]) > 1}


@pytest.mark.parametrize("number", range(1, 12))
def test_the_printed_lines_bring_a_week_to_zero(empty: Counter, number: int) -> None:
    truth = seeded(empty, number)
    typed_through(empty, truth)
    assert too_much(empty, truth) == {}


def test_where_everybody_is_rich_all_comes_back(empty: Counter) -> None:
    truth = seeded(empty, 12)
    everybody_has(empty, 100_000)
    typed_through(empty, truth)
    assert too_much(empty, truth) == {}
    assert debts(empty) == 0


def test_where_everything_is_spent_what_cannot_come_back_is_put_off(empty: Counter) -> None:
    truth = seeded(empty, 13)
    everybody_has(empty, 0)
    typed_through(empty, truth)
    left = too_much(empty, truth)
    assert min(left.values()) > 0
    assert 0 < sum(left.values()) == debts(empty)
