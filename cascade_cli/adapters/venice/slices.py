"""Read a span of transfers in disjoint slices of their creation time, several at once.

Airtable lists in no order, and only one page after another. But listings with different formulas
are independent of each other, and a record's creation time never changes. Nobody knows before the
end how many rows there are, so Stripe's charges tell what to expect.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import requests

from cascade_cli.adapters.venice.errors import EXPIRED_ITERATOR, error_of
from cascade_cli.concurrency import Piece, Threads
from cascade_cli.domain.shop.density import DensityEstimate

PAGE_SIZE = 100
RESTARTS = 3
# Below this, dividing is not worth it: the first page is read for nothing, and the last page of
# each slice is partly empty.
WORTH_DIVIDING_ROWS = 8 * PAGE_SIZE
_SMALLEST_ROWS = 3 * PAGE_SIZE
# The threads divide most of what is left among them, and then most of the rest. The parts are
# equal, so that all end at about the same time, and few, because the last page of each is partly
# empty.
_MOST = 0.75
_PATIENCE_SECONDS = 10.0

T = TypeVar("T")
Page = dict[str, Any]
Pages = Callable[[datetime, datetime | None], Iterator[Page]]
"""Airtable's pages of the records created in [since, until), or since then."""


def restarting(read: Callable[[], Iterator[T]]) -> Iterator[T]:
    """What `read` yields. If Airtable's cursor expires, which takes only minutes, begin again.

    Raises what `read` raises, and after RESTARTS restarts the expiry too.
    """
    for _ in range(RESTARTS):
        try:
            yield from read()
        except requests.HTTPError as error:
            if error_of(error.response)[0] != EXPIRED_ITERATOR:
                raise
        else:
            return
    yield from read()


@dataclass(eq=False)
class _Slice(Generic[T]):
    since: datetime
    until: datetime | None
    found: list[T] = field(default_factory=list)


class Slices(Generic[T]):
    """Reads the records created in [since, until), or since then, and converts each with `keep`.

    `expected` estimates how many there are, second by second; `now` tells until when there can be
    any. Both only help to plan: the last slice has no end unless the span has one.
    """

    def __init__(
        self,
        pages: Pages,
        keep: Callable[[Any], T],
        expected: DensityEstimate,
        now: Callable[[], datetime],
    ) -> None:
        self._pages, self._keep, self._expected, self._now = pages, keep, expected, now
        self._lock = threading.Lock()
        self._slices: list[_Slice[T]] = []
        self._waiting: _Slice[T] | None = None
        self._shares: list[float] = []
        self._threads = Threads()

    def read(self, since: datetime, until: datetime | None, threads: Threads) -> list[T]:
        """All records, slice after slice. Raises the exceptions of requests and of the SDK."""
        self._threads = threads
        self._read_whole(_Slice(since, until))
        threads.read(list(self._first()), self._take)
        in_order = sorted(self._slices, key=lambda slice_: slice_.since)
        return [found for slice_ in in_order for found in slice_.found]

    def _read_whole(self, whole: _Slice[T]) -> None:
        """Read all in one slice, unless there is a second page and dividing is worth it."""
        for page in self._read(whole):
            if page == 1 and self._is_worth_dividing(whole):
                self._waiting = whole
                return
        self._slices.append(whole)

    def _first(self) -> Iterator[Piece]:
        """A first slice for each wanted thread. To wait would not help: what lies before the newest
        charges is not known better until the threads have read for a while."""
        for _thread in range(self._threads.wanted):
            if piece := self._take():
                yield piece

    def _piece(self, slice_: _Slice[T]) -> Piece:
        for _page in self._read(slice_):
            yield
        self._slices.append(slice_)
        # Where Stripe was not asked, there may be fewer or more sales than expected.
        self._expected.note(slice_.since.timestamp(), self._end(slice_), len(slice_.found))

    def _read(self, slice_: _Slice[T]) -> Iterator[int]:
        """Read the slice. Yields the number of each page that another one follows."""
        return restarting(lambda: self._read_once(slice_))

    def _read_once(self, slice_: _Slice[T]) -> Iterator[int]:
        slice_.found.clear()
        for number, page in enumerate(self._pages(slice_.since, slice_.until), start=1):
            slice_.found += map(self._keep, page["records"])
            if page.get("offset"):
                yield number

    def _is_worth_dividing(self, whole: _Slice[T]) -> bool:
        if self._threads.wanted == 1:
            return False
        self._expected.wait(_PATIENCE_SECONDS)
        return self._rows(whole) >= WORTH_DIVIDING_ROWS

    def _rows(self, slice_: _Slice[T]) -> float:
        return self._expected.rows(slice_.since.timestamp(), self._end(slice_))

    def _end(self, slice_: _Slice[T]) -> float:
        return (slice_.until or self._now()).timestamp()

    def _take(self) -> Piece | None:
        """Take the oldest part of what no thread reads yet."""
        with self._lock:
            if self._waiting is None:
                return None
            slice_, self._waiting = self._cut(self._waiting)
            return self._piece(slice_)

    def _cut(self, whole: _Slice[T]) -> tuple[_Slice[T], _Slice[T] | None]:
        rows, start, end = self._rows(whole), whole.since.timestamp(), self._end(whole)
        share = self._share(rows)
        second = self._expected.second_after(start, end, share)
        if rows < share + _SMALLEST_ROWS / 2 or not start < second < end:
            return whole, None
        # At a whole second, as Airtable's times are, so that each row is on one side only.
        middle = datetime.fromtimestamp(second, UTC)
        return _Slice(whole.since, middle), _Slice(middle, whole.until)

    def _share(self, rows: float) -> float:
        """How many rows the next thread takes, of the `rows` that no thread reads yet."""
        if not self._shares:
            wanted = self._threads.wanted
            self._shares = [_MOST * rows / wanted] * wanted
        return max(_SMALLEST_ROWS, self._shares.pop())
