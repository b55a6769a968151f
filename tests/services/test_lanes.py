"""Work in lanes: all of it is done, or all of it stops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from cascade_cli.services.delivery.lanes import StoppedError, go_on, in_lanes

PATIENCE = 10.0


def test_every_piece_is_done_once() -> None:
    pieces = [partial(lambda number: number, number) for number in range(1000)]
    assert sorted(in_lanes(4, pieces)) == list(range(1000))


def test_as_many_pieces_as_lanes_are_worked_on_at_once() -> None:
    meeting = threading.Barrier(3)
    pieces = [lambda: meeting.wait(PATIENCE)] * 3
    assert sorted(in_lanes(3, pieces)) == [0, 1, 2]


def test_no_more_pieces_than_lanes_are_worked_on_at_once() -> None:
    at_work, most = set[int](), list[int]()

    def work(number: int) -> None:
        at_work.add(number)
        most.append(len(at_work))
        at_work.discard(number)

    assert len(list(in_lanes(2, [partial(work, number) for number in range(50)]))) == 50
    assert max(most) <= 2


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_single_lane_and_a_single_piece_stay_in_the_callers_thread(pieces: int) -> None:
    number = 1 if pieces == 3 else 4
    found = set(in_lanes(number, [threading.current_thread] * pieces))
    assert found == {threading.current_thread()}


def _stopping_pieces(failing: Callable[[], None]) -> tuple[list[Callable[[], None]], list[str]]:
    """One that goes on for ever, unless stopped; one that fails; and one never to be begun."""
    told: list[str] = []
    running = threading.Event()

    def endless() -> None:
        running.set()
        try:
            while True:
                go_on()
        except StoppedError:
            told.append("stopped")
            raise

    def fail() -> None:
        running.wait(PATIENCE)
        failing()

    return [endless, fail, lambda: told.append("begun")], told


def test_when_one_fails_the_others_stop_and_no_more_are_begun() -> None:
    def failing() -> None:
        raise ValueError("broken")

    pieces, told = _stopping_pieces(failing)
    with pytest.raises(ValueError, match="broken"):
        list(in_lanes(2, pieces))
    assert told == ["stopped"]


def test_when_the_caller_is_interrupted_the_others_stop() -> None:
    pieces, told = _stopping_pieces(lambda: None)
    results = in_lanes(2, pieces[:2])
    next(results)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)
    assert told == ["stopped"]


def test_what_was_stopped_once_does_not_stop_the_next() -> None:
    pieces, _ = _stopping_pieces(lambda: None)
    results = in_lanes(2, pieces[:2])
    next(results)
    results.close()
    assert list(in_lanes(2, [go_on, go_on])) == [None, None]
