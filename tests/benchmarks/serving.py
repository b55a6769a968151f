"""The sandbox itself: pages of 100 rows a second, so that it is never what is measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from statistics import median
from urllib.parse import quote, urlencode, urlsplit

from cascade_cli.adapters.venice.transfers import STRATAGEM_FIELDS
from cascade_cli.sandbox.app import SandboxApp
from tests.benchmarks.rows import Line
from tests.benchmarks.shop import Shop, shop, stocked
from tests.benchmarks.stock import Stock

_ROWS, _REQUESTS, _CLIENTS, _LEAST_PER_SECOND = 2_000, 400, 4, 400


def sandbox(runs: int) -> Iterator[Line]:
    """Pages of a listing that has begun, as cascade asks for them, by several clients at once."""
    with stocked(_filled) as stock, shop(stock, limited=False) as served:
        for service, path in (("Stripe", _charges(served)), ("Airtable", _stratagems(served))):
            per_second = median(_served_per_second(served, path) for _ in range(runs))
            yield Line(
                f"{service}: pages of 100 rows, {_CLIENTS} clients",
                f"{per_second:.0f} a second",
                f"{per_second / _LEAST_PER_SECOND:.2f} × target",
                f"≥ {_LEAST_PER_SECOND}",
                per_second >= _LEAST_PER_SECOND,
            )


def _filled(app: SandboxApp) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    Stock(app).sell([now - timedelta(minutes=9 * number) for number in range(_ROWS)], first=0)


def _charges(served: Shop) -> str:
    page = served.script().client.v1.charges.list({"limit": 100})
    after = {"limit": 100, "expand[]": "data.payment_intent", "starting_after": page.data[-1].id}
    return f"/stripe/v1/charges?{urlencode(after)}"


def _stratagems(served: Shop) -> str:
    table = served.script().stratagems
    fields = [("fields[]", name) for name in STRATAGEM_FIELDS]
    asked = {"fields": STRATAGEM_FIELDS, "pageSize": 100}
    offset = table.api.get(str(table.urls.records), params=asked)["offset"]
    asked_for = urlencode([*fields, ("offset", offset)], quote_via=quote)
    return f"{urlsplit(str(table.urls.records)).path}?{asked_for}"


def _served_per_second(served: Shop, path: str) -> float:
    keys = served.settings()
    key = keys["STRIPE_SECRET_KEY" if path.startswith("/stripe") else "AIRTABLE_API_KEY"]

    def ask() -> None:
        with closing(HTTPConnection(urlsplit(served.url).netloc)) as connection:
            for _ in range(_REQUESTS // _CLIENTS):
                connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
                response = connection.getresponse()
                body = response.read()
                assert response.status == 200, body

    return _REQUESTS / _seconds_of([ask] * _CLIENTS)


def _seconds_of(work: list[Callable[[], None]]) -> float:
    threads = [threading.Thread(target=each) for each in work]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


ROWS = {"sandbox": sandbox}
