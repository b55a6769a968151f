"""One allowance for all processes: real ones, a real file and a real database, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from cascade_cli.adapters.http.pace import Pace
from cascade_cli.adapters.http.pacing import PaceFile, Pacer
from tests.adapters.http.fake_time import FakeTime

RATE = 20.0


class Waiter:
    """A process that takes turns when it is told to begin."""

    def __init__(self, place: str, turns: int, *hurry: str) -> None:
        words = [place, str(RATE), str(turns), *hurry]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.journal.waiter", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._in, self._out = self.process.stdin, self.process.stdout
        assert self._out.readline() == "ready\n"

    def begin(self) -> None:
        """Take the turns from now on."""
        self._in.write("\n")
        self._in.flush()

    def next(self) -> float:
        """When the next turn was taken."""
        return float(self._out.readline())

    def rest(self) -> list[float]:
        """When all others were."""
        return [float(line) for line in self._out]

    def end(self) -> None:
        """Whatever it is doing."""
        self.process.kill()
        self.process.wait()
        self._in.close()
        self._out.close()


@contextmanager
def waiters(*made: Waiter) -> Iterator[Sequence[Waiter]]:
    try:
        for one in made:
            one.begin()
        yield made
    finally:
        for one in made:
            one.end()


def within_a_second(moments: Sequence[float]) -> int:
    """How many of them at most."""
    return max(sum(first <= other < first + 1 for other in moments) for first in moments)


@pytest.fixture(params=["file", "row"])
def place(request: pytest.FixtureRequest, file: Path) -> str:
    """Where the pace is kept: the state folder of one machine, or a database for several."""
    if request.param == "file":
        return str(file)
    url: str = request.getfixturevalue("postgresql").new_url()
    return url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pace" / "airtable.json"


def test_processes_together_keep_the_allowance_and_use_it(place: str) -> None:
    with waiters(*(Waiter(place, 20) for _ in range(3))) as all_three:
        taken = [one.rest() for one in all_three]
    moments = sorted(moment for moments in taken for moment in moments)
    assert len(moments) == 60
    # What leaves in time may be written down late by a busy machine.
    assert within_a_second(moments) <= RATE + 2
    assert 0.9 * 59 / RATE < moments[-1] - moments[0] < 4 * 59 / RATE


def test_a_dead_process_blocks_nobody(place: str) -> None:
    dead, other = Waiter(place, 200), Waiter(place, 30)
    with waiters(dead, other):
        other.next()
        dead.process.send_signal(signal.SIGKILL)
        taken = other.rest()
    assert taken[-1] - taken[0] < 28 / RATE + 6


def test_a_lock_out_that_one_is_told_of_holds_for_all_and_is_told_them_once(file: Path) -> None:
    time, told = FakeTime(), list[str]()
    first, second = (
        Pacer(
            5,
            clock=time.now,
            sleep=time.sleep,
            kept=PaceFile(file, time.now).change,
            tell=told.append,
        )
        for _ in "12"
    )
    first.pause(31)
    second.wait()
    assert time.now() == pytest.approx(31)
    second.wait()
    assert told == ["it asked for a pause, continuing in 31 s"]


def test_a_stopped_process_that_has_the_lock_blocks_nobody_for_long(file: Path) -> None:
    told: list[str] = []
    file.parent.mkdir()
    with file.open("w") as held:
        flock(held, LOCK_EX)
        pacer = Pacer(RATE, kept=PaceFile(file).change, tell=told.append)
        began = time.monotonic()
        for _ in range(3):
            pacer.wait()
        assert time.monotonic() - began < 4
    assert [line.startswith("the pace cannot be shared with other runs") for line in told] == [True]


@pytest.mark.parametrize("is_link", [True, False])
def test_a_place_that_cannot_be_used_is_told_once(tmp_path: Path, is_link: bool) -> None:
    victim, told = tmp_path / "victim", list[str]()
    victim.write_text("precious")
    place = tmp_path / "link.json"
    if is_link:
        place.symlink_to(victim)
    else:
        place = victim / "pace.json"
    pacer = Pacer(1000, kept=PaceFile(place).change, tell=told.append)
    for _ in range(5):
        pacer.wait()
    assert len(told) == 1
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[1]",
        '{"next_at": "soon"}',
        '{"unheard": 1}',
        '{"waiting": 3}',
        json.dumps({"at": 1e12, "next_at": 1e12}),
        json.dumps({"next_at": 1e12}),
        json.dumps({"waiting": {"gone": {"owner": "x", "rank": 0, "since": 0, "until": 0}}}),
    ],
)
def test_what_is_no_pace_or_from_before_a_reboot_is_replaced(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    time = FakeTime()
    time.sleep(1000)
    pacer = Pacer(5, clock=time.now, sleep=time.sleep, kept=PaceFile(file, time.now).change)
    for _ in range(3):
        pacer.wait()
    assert time.now() == pytest.approx(1000.4)
    assert Pace.of(json.loads(file.read_text()), time.now()).number == 3


def test_what_is_kept_is_for_its_owner_only(file: Path) -> None:
    Pacer(5, kept=PaceFile(file).change).wait()
    assert os.stat(file).st_mode & 0o77 == 0  # noqa: PTH116


def test_beside_the_engine_half_of_the_allowance_is_left_to_it() -> None:
    time, near = FakeTime(), [False]
    pacer = Pacer(5, clock=time.now, sleep=time.sleep, is_shared=lambda: near[0])
    for is_near in (False, True, True, True, False, False):
        near[0] = is_near
        pacer.wait()
        time.wake()
    gaps = [later - first for first, later in zip(time.woken, time.woken[1:], strict=False)]
    assert min(gaps[1:4]) == pytest.approx(0.4)
    assert gaps[-1] == pytest.approx(0.2)
