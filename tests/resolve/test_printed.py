"""Whoever types what is printed gets to a night without discrepancies."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import time_machine

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.server import SandboxServer
from tests.credit.conftest import AFTERNOON
from tests.credit.counter import Answer, Counter
from tests.credit.faults import Network
from tests.resolve.week import bank_decides, enrich, follow, held, night, owed, seeded
from tests.sandboxed import Recorder, Sandboxed

MOST_ROUNDS = 3


@pytest.fixture
def empty(
    no_settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter]:
    """A counter in a sandbox that holds nothing yet."""
    with (
        time_machine.travel(AFTERNOON, tick=True) as traveller,
        closing(SandboxApp(":memory:", random=Random(1))) as app,  # noqa: S311
    ):
        monkeypatch.setattr(time, "sleep", traveller.shift)
        recorder = Recorder(app.handle)
        with SandboxServer(recorder) as server:
            place = Sandboxed(app, recorder, server.url)
            yield Counter(place, Network(app.handle), traveller, capsys, no_settings / "state")
        assert not app.crashes, app.crashes


def is_done(line: Sequence[str], answer: Answer) -> bool:
    """A repair tells as well that other cases are open."""
    return answer.code == 0 or (answer.code == 3 and line[0] == "reconcile")


@pytest.mark.parametrize("number", [7, 1, 2])
def test_the_printed_lines_bring_a_week_to_zero(empty: Counter, number: int) -> None:
    truth, refused = seeded(empty, number), []
    enrich(empty, 100_000)
    for turn in range(MOST_ROUNDS):
        typed = follow(empty, truth, night(empty).data)
        refused += [(turn, line, answer.err) for line, answer in typed if not is_done(line, answer)]
        if not turn:
            bank_decides(empty, truth)
    answer = night(empty)
    left = [(item["kind"], item["evidence"], item["repair"]) for item in answer.data["items"]]
    assert (answer.code, left, refused) == (0, [], [])
    assert answer.data["ducats"]["residual"] == "0"
    have, due = held(empty, truth), owed(empty, truth)
    assert {k: (have[k], due[k]) for k in have | due if abs(have[k] - due[k]) > 1} == {}
