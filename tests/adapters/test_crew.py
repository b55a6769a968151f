"""Lanes that read one listing: all of it, or the failure at once."""

from __future__ import annotations

import threading

import pytest

from cascade_cli.adapters.http.concurrency import Crew, Piece

PATIENCE = 10.0


def test_the_answers_come_in_the_order_of_the_keys() -> None:
    assert Crew(5).map(lambda number: number * 2, range(100)) == list(range(0, 200, 2))


@pytest.mark.parametrize("lanes", [1, 2, 7])
def test_each_key_is_asked_for_once(lanes: int) -> None:
    asked: list[int] = []
    Crew(lanes).map(asked.append, range(50))
    assert sorted(asked) == list(range(50))


def test_no_keys_are_no_answers() -> None:
    assert Crew(3).map(str, []) == []


def test_as_many_as_wanted_are_under_way_at_once() -> None:
    meeting = threading.Barrier(3)
    assert len(Crew(8, lambda: 3).map(lambda _: meeting.wait(PATIENCE), range(3))) == 3


def test_one_lane_stays_in_the_callers_thread() -> None:
    threads = Crew().map(lambda _: threading.get_ident(), range(3))
    assert set(threads) == {threading.get_ident()}


def test_a_failure_surfaces_at_once_and_the_others_ask_for_no_further_page() -> None:
    at_work, go_on, pages = threading.Event(), threading.Event(), list[int]()
    lanes: list[threading.Thread] = []

    def slow() -> Piece:
        lanes.append(threading.current_thread())
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
        Crew(2).read([slow(), failing()], lambda: None)
    # It surfaced while the other lane was still at its page, which is its last.
    assert not go_on.is_set()
    go_on.set()
    lanes[0].join(PATIENCE)
    assert not lanes[0].is_alive()
    assert pages == [1]


def test_a_lane_joins_after_a_page_has_shown_that_there_is_more() -> None:
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

    Crew(2).read([first()], take)
    assert not together.broken
