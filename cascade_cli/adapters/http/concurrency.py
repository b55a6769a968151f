"""Several lanes reading one listing: each takes a piece, and another when that is read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

Piece = Iterator[None]
"""Reads one page with each step."""

K = TypeVar("K")
T = TypeVar("T")


class Crew:
    """At most `most` lanes, and at any moment as many as `wanted` says; one reads by itself.

    Without arguments all is read in the caller's thread, in one order.
    """

    def __init__(self, most: int = 1, wanted: Callable[[], int] | None = None) -> None:
        self.most, self._wanted = most, wanted

    @property
    def wanted(self) -> int:
        """How many lanes are worth having now."""
        return min(self.most, self._wanted() if self._wanted else self.most)

    def read(self, first: Sequence[Piece], take: Callable[[], Piece | None]) -> None:
        """Read the first pieces and whatever `take` hands out, until it has none left.

        Lanes begin after a page, when something is known by which to divide the rest.
        Raises the first lane's exception at once; the others end with the page they are at.
        """
        if self.most > 1:
            _Watch(self, take).keep(first)
            return
        for piece in first:
            _finish(piece)
        while (another := take()) is not None:
            _finish(another)

    def map(self, ask: Callable[[K], T], keys: Sequence[K]) -> list[T]:
        """The answers to all keys, in their order."""
        answers: dict[int, T] = {}
        waiting = iter(range(len(keys)))

        def piece(number: int) -> Piece:
            answers[number] = ask(keys[number])
            yield

        def take() -> Piece | None:
            number = next(waiting, None)
            return None if number is None else piece(number)

        first = [piece(number) for number in islice(waiting, self.wanted)]
        self.read(first, take)
        return [answers[number] for number in range(len(keys))]


def _finish(piece: Piece) -> None:
    for _page in piece:
        pass


class _Watch:
    """The lanes at work on one listing."""

    def __init__(self, crew: Crew, take: Callable[[], Piece | None]) -> None:
        self._crew, self._take = crew, take
        self._changed = threading.Condition()
        self._lanes = 0
        self._is_over = False
        self._failure: BaseException | None = None

    def keep(self, first: Sequence[Piece]) -> None:
        with self._changed:
            for piece in first:
                self._begin(piece)
            try:
                self._changed.wait_for(lambda: self._failure is not None or not self._lanes)
            finally:
                # After Ctrl-C as well: no lane asks for another page.
                self._is_over = True
        if self._failure is not None:
            raise self._failure

    def _begin(self, piece: Piece) -> None:
        self._lanes += 1
        # A daemon: nobody waits for the page that a lane is at when the program ends.
        threading.Thread(target=self._live, args=(piece,), daemon=True).start()

    def _live(self, piece: Piece) -> None:
        try:
            self._read(piece)
        except BaseException as failure:  # noqa: BLE001 - it is raised again by keep()
            with self._changed:
                self._failure = self._failure or failure
        finally:
            with self._changed:
                self._lanes -= 1
                self._changed.notify_all()

    def _read(self, piece: Piece | None) -> None:
        while piece is not None:
            for _page in piece:
                if self._is_over or self._failure is not None:
                    return
                self._grow()
            piece = self._take()

    def _grow(self) -> None:
        with self._changed:
            while self._lanes < self._crew.wanted and (piece := self._take()) is not None:
                self._begin(piece)
