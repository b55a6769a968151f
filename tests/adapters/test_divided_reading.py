"""However a listing is divided, each row is read once, and in few requests more than undivided."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade_cli.adapters.stripe.ranges import Ranges
from cascade_cli.adapters.venice.slices import RESTARTS, Page, Slices
from cascade_cli.concurrency import Threads
from cascade_cli.domain.shop.density import DensityEstimate

SINCE = datetime(2026, 11, 13, 15, 0, tzinfo=UTC)
START, END = int(SINCE.timestamp()), int(SINCE.timestamp()) + 7 * 86400
PAGE = 100

# Some hundred rows a second are no rarity here: boundaries fall into the midst of them.
moments = st.lists(st.tuples(st.integers(START, END - 1), st.integers(1, 130)), max_size=30).map(
    lambda groups: [second for second, rows in groups for _ in range(rows)]
)


class Kept:
    def __init__(self) -> None:
        self.ids: list[str] = []

    def take(self, charge: Any) -> None:
        self.ids.append(charge["id"])


class Shop:
    """A list of charges as Stripe pages through it: newest first, by range and cursor."""

    def __init__(self, created: list[int]) -> None:
        ordered = sorted(created, reverse=True)
        self.charges = [{"id": f"ch_{n}", "created": at} for n, at in enumerate(ordered)]
        self.asked = 0
        self._lock = threading.Lock()

    def ask(self, params: dict[str, Any]) -> Any:
        with self._lock:
            self.asked += 1
        created, after = params["created"], params.get("starting_after")
        first = int(after.removeprefix("ch_")) + 1 if after else 0
        fits = [c for c in self.charges[first:] if created["gte"] <= c["created"] < created["lt"]]
        return {"data": fits[: params["limit"]], "has_more": len(fits) > params["limit"]}

    def read(self, threads: int) -> list[str]:
        ranges = Ranges(START, END, self.ask, Kept, take=Kept.take, density=DensityEstimate())
        return [id_ for part in ranges.read(Threads(threads)) for id_ in part.ids]


class Base:
    """Records as Airtable pages through them: in no order, with a cursor for each listing."""

    def __init__(self, created: list[int]) -> None:
        self.created = created
        self.asked = 0
        self.expire_at: set[int] = set()
        self.refuse_from: int | None = None
        self._lock = threading.Lock()

    def pages(self, since: datetime, until: datetime | None) -> Iterator[Page]:
        first, last = since.timestamp(), until.timestamp() if until else float("inf")
        rows = [n for n, at in enumerate(self.created) if first <= at < last]
        for start in range(0, len(rows) or 1, PAGE):
            self._answer(start)
            page: Page = {"records": rows[start : start + PAGE]}
            yield page | ({"offset": "itr"} if start + PAGE < len(rows) else {})

    def _answer(self, start: int) -> None:
        with self._lock:
            self.asked += 1
            if self.refuse_from is not None and self.asked >= self.refuse_from:
                raise requests.HTTPError(response=_answered(500, b"{}"))
            if start and self.asked in self.expire_at:
                expired = b'{"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}'
                raise requests.HTTPError(response=_answered(422, expired))

    def read(self, threads: int, expected: DensityEstimate) -> list[int]:
        now = datetime.fromtimestamp(END, UTC)
        slices = Slices(self.pages, int, expected, lambda: now)
        return slices.read(SINCE, None, Threads(threads))


def _answered(status: int, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, body
    return response


def told(created: list[int], factor: float = 1.0) -> DensityEstimate:
    """What Stripe's side says of such sales, or that many times as much."""
    density = DensityEstimate()
    density.note(START, END, int(len(created) * factor))
    return density


def spread(rows: int) -> list[int]:
    return [START + (END - START) * number // rows for number in range(rows)]


@given(created=moments, threads=st.integers(1, 9))
@settings(max_examples=100)
def test_every_charge_is_read_once_newest_first(created: list[int], threads: int) -> None:
    shop = Shop(created)
    assert shop.read(threads) == [charge["id"] for charge in shop.charges]


@given(created=moments, threads=st.integers(1, 9), factor=st.sampled_from([0.1, 1, 30]))
@settings(max_examples=100)
def test_every_record_is_read_once(created: list[int], threads: int, factor: float) -> None:
    read = Base(created).read(threads, told(created, factor))
    assert Counter(read) == Counter(range(len(created)))


def test_a_page_on_its_way_while_its_older_end_is_taken_over_is_not_read_twice() -> None:
    busy = [END - 1 - number for number in range(PAGE)]
    # Few in the newer half, so that one page holds them; many in the older, so that it seems more.
    middle = (START + END) // 2
    quiet = [middle + 3000 * number for number in range(1, 91)]
    old = [START + 100 * number for number in range(2000)]
    shop, tops, others = Shop(busy + quiet + old), list[dict[str, Any]](), set[int]()
    taken_over = threading.Event()

    def ask(params: dict[str, Any]) -> Any:
        page = shop.ask(params)
        if params["created"]["lt"] == END:
            tops.append(params)
            # The second page waits for a third thread, which has taken part of what it holds.
            assert len(tops) != 2 or taken_over.wait(10)
        else:
            others.add(params["created"]["lt"])
            if max(others) > middle + 3600:
                taken_over.set()
        return page

    ranges = Ranges(START, END, ask, Kept, take=Kept.take, density=DensityEstimate())
    read = [id_ for part in ranges.read(Threads(3)) for id_ in part.ids]
    assert taken_over.is_set()
    assert read == [charge["id"] for charge in shop.charges]


@pytest.mark.parametrize("threads", [1, 3, 4, 16])
@pytest.mark.parametrize("rows", [0, 1, 100, 101, 1000, 5000, 20_000])
def test_dividing_costs_few_requests(rows: int, threads: int) -> None:
    created = spread(rows) if rows else []
    shop, base = Shop(created), Base(created)
    assert len(shop.read(threads)) == rows
    assert len(base.read(min(threads, 4), told(created))) == rows
    assert shop.asked + base.asked <= 1.05 * 2 * rows / PAGE + 10
    if rows <= 400:
        undivided = max(1, -(-rows // PAGE))
        assert (shop.asked, base.asked) == (undivided, undivided)


def test_all_threads_begin_once_a_page_has_shown_that_there_is_more() -> None:
    """Else all the facts above would be true of one thread."""
    base, began = Base(spread(5000)), list[datetime]()
    pages, meeting = base.pages, threading.Barrier(4)

    def seen(since: datetime, until: datetime | None) -> Iterator[Page]:
        began.append(since)
        if 1 < len(began) <= 5:
            meeting.wait(10)
        yield from pages(since, until)

    slices = Slices(seen, int, told(base.created), lambda: datetime.fromtimestamp(END, UTC))
    assert len(slices.read(SINCE, None, Threads(4))) == 5000
    assert len(began) > 5


def test_what_is_made_meanwhile_disturbs_nothing() -> None:
    base = Base(spread(3000))
    first, pages = threading.Lock(), base.pages

    def with_news(since: datetime, until: datetime | None) -> Iterator[Page]:
        for page in pages(since, until):
            if first.acquire(blocking=False):
                base.created.append(END + 30)
            yield page

    slices = Slices(with_news, int, told(spread(3000)), lambda: datetime.fromtimestamp(END, UTC))
    read = Counter(slices.read(SINCE, None, Threads(4)))
    # The last slice has no end: it holds what was made after the reading began.
    assert read == Counter(range(3001))


def test_an_expired_cursor_starts_only_its_slice_again() -> None:
    created = spread(6000)
    undisturbed, base = Base(created), Base(created)
    undisturbed.read(4, told(created))
    base.expire_at = {20}
    assert Counter(base.read(4, told(created))) == Counter(range(6000))
    assert base.asked <= undisturbed.asked + 15


def test_a_cursor_that_always_expires_is_given_up() -> None:
    base = Base(spread(300))
    base.expire_at = set(range(1000))
    with pytest.raises(requests.HTTPError):
        base.read(1, DensityEstimate())
    assert base.asked == 2 * (RESTARTS + 1)


def test_a_slice_that_fails_for_good_stops_all() -> None:
    base = Base(spread(20_000))
    base.refuse_from = 30
    with pytest.raises(requests.HTTPError):
        base.read(4, told(base.created))
    assert base.asked < 40


def test_nobody_is_divided_by_what_is_unknown() -> None:
    base, unknown = Base(spread(3000)), DensityEstimate()
    unknown.close()
    assert len(base.read(8, unknown)) == 3000
    assert base.asked == 30


def test_sales_that_ended_long_ago_do_not_cost_a_request_for_each_empty_week() -> None:
    year = timedelta(days=365)
    base, created = Base(spread(2000)), spread(2000)
    now = SINCE + year
    slices = Slices(base.pages, int, told(created), lambda: now)
    assert len(slices.read(SINCE, None, Threads(4))) == 2000
    assert base.asked <= 20 + 20
