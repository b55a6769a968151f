"""Work in threads: all of it is done, or all of it stops at the first failure."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from cascade_cli.concurrency import Piece, StoppedError, Threads, both, raise_if_stopped, run_all

PATIENCE = 10.0


def test_every_piece_is_done_once() -> None:
    pieces = [partial(lambda number: number, number) for number in range(1000)]
    assert sorted(run_all(4, pieces)) == list(range(1000))


def test_as_many_pieces_as_threads_are_worked_on_at_once() -> None:
    meeting = threading.Barrier(3)
    pieces = [lambda: meeting.wait(PATIENCE)] * 3
    assert sorted(run_all(3, pieces)) == [0, 1, 2]


class Crowd:
    """Work for a moment, which counts how much of it is done at once."""

    def __init__(self) -> None:
        self._at_work = set[int]()
        self.most = 0

    def __call__(self, number: int) -> None:
        self._at_work.add(number)
        self.most = max(self.most, len(self._at_work))
        time.sleep(0.001)
        self._at_work.discard(number)


def test_no_more_pieces_than_threads_are_worked_on_at_once() -> None:
    crowd = Crowd()
    assert len(list(run_all(2, [partial(crowd, number) for number in range(50)]))) == 50
    assert crowd.most <= 2


def test_no_more_than_wanted_are_under_way_at_once() -> None:
    crowd = Crowd()
    Threads(8, lambda: 3).map(crowd, range(50))
    assert crowd.most <= 3


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_single_thread_and_a_single_piece_stay_in_the_callers_thread(pieces: int) -> None:
    number = 1 if pieces == 3 else 4
    found = set(run_all(number, [threading.current_thread] * pieces))
    assert found == {threading.current_thread()}


def _stopping_pieces(failing: Callable[[], None]) -> tuple[list[Callable[[], None]], list[str]]:
    """One that goes on for ever, unless stopped; one that fails; and one never to be begun."""
    told: list[str] = []
    running = threading.Event()

    def endless() -> None:
        running.set()
        try:
            while True:
                raise_if_stopped()
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
        list(run_all(2, pieces))
    assert told == ["stopped"]


def test_when_the_caller_is_interrupted_the_others_stop() -> None:
    pieces, told = _stopping_pieces(lambda: None)
    results = run_all(2, pieces[:2])
    next(results)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)
    assert told == ["stopped"]


def test_what_was_stopped_once_does_not_stop_the_next() -> None:
    pieces, _ = _stopping_pieces(lambda: None)
    results = run_all(2, pieces[:2])
    next(results)
    results.close()
    assert list(run_all(2, [raise_if_stopped, raise_if_stopped])) == [None, None]


def test_both_are_worked_out_at_once() -> None:
    meeting = threading.Barrier(2)

    def meet() -> str:
        meeting.wait(PATIENCE)
        return "met"

    assert both(meet, meet) == ("met", "met")


def test_if_both_fail_the_first_ones_exception_is_raised() -> None:
    second_failed = threading.Event()

    def first() -> None:
        second_failed.wait(PATIENCE)
        raise ValueError("first")

    def second() -> None:
        second_failed.set()
        raise ValueError("second")

    with pytest.raises(ValueError, match="first"):
        both(first, second)


def test_no_thread_keeps_an_interrupted_program_alive() -> None:
    def thread(_number: int = 0) -> threading.Thread:
        return threading.current_thread()

    found = [*run_all(2, [thread] * 2), *both(thread, thread), *Threads(2).map(thread, range(2))]
    assert threading.current_thread() not in found
    assert all(one.daemon for one in found)


def test_the_answers_come_in_the_order_of_the_keys() -> None:
    assert Threads(5).map(lambda number: number * 2, range(100)) == list(range(0, 200, 2))


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_each_key_is_asked_for_once(threads: int) -> None:
    asked: list[int] = []
    Threads(threads).map(asked.append, range(50))
    assert sorted(asked) == list(range(50))


def test_no_keys_are_no_answers() -> None:
    assert Threads(3).map(str, []) == []


def test_as_many_as_wanted_are_under_way_at_once() -> None:
    meeting = threading.Barrier(3)
    assert len(Threads(8, lambda: 3).map(lambda _: meeting.wait(PATIENCE), range(3))) == 3


def test_a_single_key_is_asked_for_in_the_callers_thread() -> None:
    assert Threads(8).map(lambda _: threading.get_ident(), ["one"]) == [threading.get_ident()]


def test_a_single_reader_stays_in_the_callers_thread() -> None:
    threads = Threads().map(lambda _: threading.get_ident(), range(3))
    assert set(threads) == {threading.get_ident()}


def test_a_failure_surfaces_at_once_and_the_others_ask_for_no_further_page() -> None:
    at_work, go_on, pages = threading.Event(), threading.Event(), list[int]()
    at_pages: list[threading.Thread] = []

    def slow() -> Piece:
        at_pages.append(threading.current_thread())
        pages.append(1)
        at_work.set()
        go_on.wait(PATIENCE)
        yield
        pages.append(2)
        yield

    def failing() -> Piece:
        at_work.wait(PATIENCE)
        yield
        raise ConnectionError("gone for good")

    with pytest.raises(ConnectionError, match="gone for good"):
        Threads(2).read([slow(), failing()], lambda: None)
    # It surfaced while the other thread was still at its page, which is its last.
    assert not go_on.is_set()
    go_on.set()
    at_pages[0].join(PATIENCE)
    assert not at_pages[0].is_alive()
    assert pages == [1]


def test_after_ctrl_c_nobody_asks_for_another_page() -> None:
    interrupted, pages, at_pages = threading.Event(), list[int](), list[threading.Thread]()

    def slow() -> Piece:
        at_pages.append(threading.current_thread())
        _thread.interrupt_main()
        interrupted.wait(PATIENCE)
        yield
        pages.append(2)
        yield

    with pytest.raises(KeyboardInterrupt):
        Threads(2).read([slow()], lambda: None)
    interrupted.set()
    at_pages[0].join(PATIENCE)
    assert not pages


def test_a_thread_joins_after_a_page_has_shown_that_there_is_more() -> None:
    together, taken = threading.Barrier(2), list[int]()

    def first() -> Piece:
        yield
        together.wait(PATIENCE)
        yield

    def second() -> Piece:
        together.wait(PATIENCE)
        yield

    def take() -> Piece | None:
        taken.append(1)
        return second() if len(taken) == 1 else None

    Threads(2).read([first()], take)
    assert not together.broken
