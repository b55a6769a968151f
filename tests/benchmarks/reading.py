"""Reading: a year of 20,000 charges, and a night after which nearly all was known."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from random import Random
from statistics import median

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from tests.benchmarks.contest import in_words
from tests.benchmarks.rows import Line
from tests.benchmarks.script import Progress
from tests.benchmarks.shop import AIRTABLE_RATE, STRIPE_RATE, Ran, Shop, shop, stocked
from tests.benchmarks.stock import Stock

_CHARGES, _LATENCIES = 20_000, (0.3, 0.6)
_LOOKED_UP = 40
_MOST_OF_BOUND, _LEAST_OF_SCRIPT = 1.2, 20.0
_WEEK, _YEAR = timedelta(days=7), timedelta(days=365)
_SETTLED, _NEW, _MOST_AT_NIGHT, _MORE = 100_000, 500, 25, 2


def reconcile(runs: int) -> Iterator[Line]:
    """20,000 charges under the live services' limits, against those limits and a plain script."""
    with stocked(_a_year) as stock:
        for latency in _LATENCIES:
            with shop(stock, "--latency", str(latency)) as served:
                yield from _at_limits(served, latency, runs)


def _a_year(app: SandboxApp) -> None:
    """The sandbox's week with every kind in it, and before that only what is settled."""
    now, source = datetime.now(UTC), Random(2)  # noqa: S311
    week = seed(app, until=now)
    others = _CHARGES - week.payments
    begin, span = now - _YEAR, (_YEAR - _WEEK - timedelta(days=2)).total_seconds()
    Stock(app).sell(_moments(begin, span, others, source), first=0)


def _moments(begin: datetime, span: float, number: int, source: Random) -> list[datetime]:
    """So many whole seconds in the span after `begin`, in order."""
    seconds = sorted(int(source.random() * span) for _ in range(number))
    return [begin.replace(microsecond=0) + timedelta(seconds=each) for each in seconds]


def _at_limits(served: Shop, latency: float, runs: int) -> Iterator[Line]:
    since = (datetime.now(UTC) - _YEAR - timedelta(days=1)).replace(microsecond=0)
    pairs = [_both(served, since) for _ in range(runs)]
    ran = [each for each, _ in pairs]
    what = f"{_charges(ran[0]):,} charges at {latency} s latency"
    to_bound = median(each.seconds / _bound_seconds(each) for each in ran)
    refusals = sum(each.refusals for each in ran)
    yield Line(
        what,
        in_words(median(each.seconds for each in ran)),
        f"{to_bound:.2f} × what the two rate limits allow ({_bound_seconds(ran[0]):.1f} s), "
        f"{refusals} × 429",
        f"≤ {_MOST_OF_BOUND:g} ×, no 429",
        to_bound <= _MOST_OF_BOUND and not refusals,
    )
    slower = median(p.projected_seconds(_charges(r)) / r.seconds for r, p in pairs)
    yield Line(
        f"the plain script for that, projected from {_LOOKED_UP}",
        in_words(median(peer.projected_seconds(_charges(each)) for each, peer in pairs)),
        f"{slower:.0f} × slower",
        f"≥ {_LEAST_OF_SCRIPT:g} ×",
        slower >= _LEAST_OF_SCRIPT,
    )
    yield _requests(ran)


def _both(served: Shop, since: datetime) -> tuple[Ran, Progress]:
    ran = served.run("reconcile", "--since", since.isoformat())
    return ran, served.script().reconcile(since, _LOOKED_UP)


def _charges(ran: Ran) -> int:
    return int(ran.data["coverage"]["charges"])


def _stratagems(ran: Ran) -> int:
    return int(ran.data["coverage"]["stratagems"])


def _bound_seconds(ran: Ran) -> float:
    """For full pages and nothing else, each service at its limit, both at once."""
    stripe, airtable = ceil(_charges(ran) / 100), ceil(_stratagems(ran) / 100)
    return max(stripe / STRIPE_RATE, airtable / AIRTABLE_RATE)


def _requests(ran: list[Ran]) -> Line:
    sent = median(each.stripe_requests + each.airtable_requests for each in ran)
    most = 1.05 * (_charges(ran[0]) + _stratagems(ran[0])) / 100 + 10
    return Line(
        f"requests for {_charges(ran[0]):,} charges and {_stratagems(ran[0]):,} stratagems",
        f"{sent:.0f}",
        f"{sent / most:.2f} × target",
        f"≤ {most:.0f}",
        sent <= most,
    )


def nightly(runs: int) -> Iterator[Line]:
    """What `--since last` asks for 500 new payments after 100,000 settled ones, and 200,000.

    As many a day in both: the second has a history of twice the length.
    """
    sent: list[float] = []
    for settled in (_SETTLED, 2 * _SETTLED):
        with _known(settled) as served:
            nights = [_night(served) for _ in range(runs)]
        sent.append(median(each.stripe_requests + each.airtable_requests for each in nights))
        most = _MOST_AT_NIGHT if settled == _SETTLED else sent[0] + _MORE
        yield Line(
            f"{_NEW} new after {settled:,} settled, --since last",
            f"{sent[-1]:.0f} requests "
            f"({nights[0].stripe_requests} Stripe, {nights[0].airtable_requests} Airtable)",
            in_words(median(each.seconds for each in nights)),
            f"≤ {most:.0f}",
            sent[-1] <= most,
        )


@contextmanager
def _known(settled: int) -> Iterator[Shop]:
    """A shop over whose history cascade has run last night, and which has sold since."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    span = _YEAR.total_seconds() * settled / _SETTLED

    def fill(app: SandboxApp) -> None:
        source = Random(3)  # noqa: S311
        begin = yesterday - timedelta(seconds=span)
        stock = Stock(app)
        stock.sell(_moments(begin, span - 86_400, settled, source), first=0)
        today = _moments(yesterday, 60_000, _NEW, source)
        stock.sell(today, first=settled)

    with stocked(fill) as stock, shop(stock, limited=False) as served:
        _run_at(served, yesterday, since=yesterday - timedelta(seconds=span + 86_400))
        shutil.copytree(served.folder, served.folder / "after last night")
        yield served


def _run_at(served: Shop, moment: datetime, *, since: datetime) -> None:
    """The first complete run, as if at that moment."""
    script = (
        f"import time_machine; time_machine.travel({moment.timestamp()}).start(); "
        "from cascade_cli.__main__ import main; main()"
    )
    served.run("reconcile", "--since", since.isoformat(), python=script, **_UNPACED)


_UNPACED = {"CASCADE_STRIPE_RATE": "0", "CASCADE_AIRTABLE_RATE": "0"}


def _night(served: Shop) -> Ran:
    """One run, from what was known after last night's; the sandbox does not change."""
    for file in (served.folder / "after last night").iterdir():
        shutil.copy(file, served.folder / file.name)
    return served.run("reconcile", "--since", "last")


ROWS = {"reconcile": reconcile, "nightly": nightly}
