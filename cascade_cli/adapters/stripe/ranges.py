"""Read a window of charges in disjoint ranges of `created`, several at once.

Stripe lists the newest first. So when a range has been read down to some second, everything older
is left, and another thread can take over the older half of that. Nothing is read twice, and only
the last page of each range may be partly empty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from cascade_cli.adapters.stripe.documents import PAGE_SIZE, Document
from cascade_cli.concurrency import Piece, Threads
from cascade_cli.domain.shop.density import DensityEstimate

# Dividing a shorter range costs one request more, and saves too little time.
WORTH_DIVIDING_ROWS = 6 * PAGE_SIZE

Ask = Callable[[dict[str, Any]], Any]
"""Sends one list request with these parameters and returns the page as Stripe's JSON has it."""


S = TypeVar("S")


@dataclass(eq=False)
class _Range(Generic[S]):
    """[low, high) in whole seconds; it has been read, from the newest, down to `reached`."""

    low: int
    high: int
    reached: int
    sink: S
    last_id: str | None = None
    is_open: bool = True


class Ranges(Generic[S]):
    """Reads the charges of [since, until), both in whole seconds. Each range has a sink of its own,
    which takes the charges newest first."""

    def __init__(
        self,
        since: int,
        until: int,
        ask: Ask,
        new_sink: Callable[[], S],
        *,
        take: Callable[[S, Document], None],
        density: DensityEstimate,
    ) -> None:
        self._ask, self._new_sink, self._take = ask, new_sink, take
        self._density = density
        self._lock = threading.Lock()
        self._ranges = [_Range(since, until, until, new_sink())]

    def read(self, threads: Threads) -> list[S]:
        """Read all charges. Returns the sinks, that of the newest range first."""
        threads.read([self._piece(self._ranges[0])], self._take_over)
        in_order = sorted(self._ranges, key=lambda range_: range_.high, reverse=True)
        return [range_.sink for range_ in in_order]

    def _piece(self, range_: _Range[S]) -> Piece:
        while range_.is_open:
            self._read_page(range_)
            yield

    def _read_page(self, range_: _Range[S]) -> None:
        created = {"gte": range_.low, "lt": range_.high}
        params: dict[str, Any] = {"created": created, "limit": PAGE_SIZE}
        if range_.last_id:
            params["starting_after"] = range_.last_id
        page = self._ask(params)
        charges, has_more = page["data"], page["has_more"]
        with self._lock:
            # While the page was on its way, another thread may have taken over its older end.
            ours = [charge for charge in charges if charge["created"] >= range_.low]
            range_.is_open = has_more and len(ours) == len(charges)
            down_to = ours[-1]["created"] if range_.is_open else range_.low
            self._density.note(down_to, range_.reached, len(ours))
            range_.reached = down_to
            range_.last_id = charges[-1]["id"] if charges else None
        for charge in ours:
            self._take(range_.sink, charge)

    def _take_over(self) -> Piece | None:
        with self._lock:
            waiting = [range_ for range_ in self._ranges if range_.is_open]
            longest = max(waiting, key=self._rows_left, default=None)
            if longest is None or self._rows_left(longest) < WORTH_DIVIDING_ROWS:
                return None
            return self._divided(longest)

    def _divided(self, range_: _Range[S]) -> Piece | None:
        low, reached = range_.low, range_.reached
        middle = self._density.second_after(low, reached, self._rows_left(range_) / 2)
        if not low < middle <= reached:
            return None
        older = _Range(low, middle, middle, self._new_sink())
        range_.low = middle
        self._ranges.append(older)
        return self._piece(older)

    def _rows_left(self, range_: _Range[S]) -> float:
        return self._density.rows(range_.low, range_.reached)


def whole_seconds(moment: datetime) -> int:
    """Round up to a second, as Stripe's times are. Both ends of a window are rounded alike."""
    seconds = int(moment.timestamp())
    return seconds + (moment.timestamp() > seconds)
