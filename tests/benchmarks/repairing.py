"""Repairing: 500 payments that nobody credited, each of another citizen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import processor_fields
from tests.benchmarks.contest import in_words
from tests.benchmarks.rows import Line
from tests.benchmarks.shop import AIRTABLE_RATE, Ran, shop, stocked
from tests.benchmarks.stock import Stock

_MISSING, _CREDITED_BY_SCRIPT = 500, 10
_MOST_A_PAYMENT, _MOST_OF_BOUND, _LEAST_OF_SCRIPT = 0.6, 1.2, 5.0
_LATENCY = "0.3"


def repair(runs: int) -> Iterator[Line]:
    """`reconcile --repair` under Airtable's limit; what it asks, how long, and the plain script."""
    pairs = [_once() for _ in range(runs)]
    ran = [each for each, _ in pairs]
    a_payment = median(each.airtable_requests / _MISSING for each in ran)
    yield Line(
        f"Airtable requests, {_MISSING} missing payments",
        f"{median(each.airtable_requests for each in ran):.0f}",
        f"{a_payment:.3f} a payment",
        f"≤ {_MOST_A_PAYMENT:g}",
        a_payment <= _MOST_A_PAYMENT,
    )
    to_bound = median(e.seconds / (e.airtable_requests / AIRTABLE_RATE) for e in ran)
    refusals = sum(each.refusals for each in ran)
    yield Line(
        f"the same, at {_LATENCY} s latency",
        in_words(median(each.seconds for each in ran)),
        f"{to_bound:.2f} × its requests ÷ {AIRTABLE_RATE}/s, {refusals} × 429",
        f"≤ {_MOST_OF_BOUND:g} ×",
        to_bound <= _MOST_OF_BOUND,
    )
    more = median(peer * _MISSING / each.airtable_requests for each, peer in pairs)
    yield Line(
        f"Airtable requests of the plain script, projected from {_CREDITED_BY_SCRIPT}",
        f"{median(peer for _, peer in pairs) * _MISSING:.0f}",
        f"{more:.1f} × as many",
        f"≥ {_LEAST_OF_SCRIPT:g} ×",
        more >= _LEAST_OF_SCRIPT,
    )


def _once() -> tuple[Ran, float]:
    with stocked(_unpaid(_MISSING)) as stock, shop(stock, "--latency", _LATENCY) as served:
        ran = served.run("reconcile", "--since", "7d", "--repair", "--yes")
    credited = sum(each["result"] == "credited" for each in ran.data["repairs"])
    if credited != _MISSING:
        raise RuntimeError(f"{credited} of {_MISSING} payments were credited")
    return ran, _script_requests()


def _script_requests() -> float:
    """How many Airtable requests a payment takes the plain script."""
    with stocked(_unpaid(_CREDITED_BY_SCRIPT)) as stock, shop(stock, limited=False) as served:
        script = served.script()
        found = script.reconcile(datetime.now(UTC) - timedelta(days=7), _CREDITED_BY_SCRIPT)
        sent = len(found.lookup_seconds) + script.repair(found.missing)
    return sent / _CREDITED_BY_SCRIPT


def _unpaid(number: int) -> Callable[[SandboxApp], None]:
    """So many payments of the last days that have no stratagem, and a processor who can pay."""

    def fill(app: SandboxApp) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        app.airtable.tables.create("CITIZENS", processor_fields(now), at=now)
        moments = [now - timedelta(hours=30, seconds=99 * each) for each in range(number)]
        Stock(app).sell(moments, first=0, delivered=False)

    return fill


ROWS = {"repair": repair}
