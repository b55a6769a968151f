"""Several commands on one base at once, against the same ones after each other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from statistics import median

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from tests.benchmarks.contest import in_words
from tests.benchmarks.rows import Line, Row
from tests.benchmarks.shop import Shop, shop, stocked

_PAYMENTS = 1200
_LONG = (
    ("reconcile", "--since", "8d"),
    ("status", "--since", "8d"),
    ("reconcile", "--since", "8d", "--repair", "--dry-run"),
)
_MOST_OF_SUM, _MOST_EXPLAIN_SECONDS = 1.15, 3.0
# By then all of them read.
_AMONG_THEM_SECONDS = 2.0


def together(runs: int) -> Iterator[Line]:
    """Two, then three commands that read much, and an explanation that a person waits for."""
    with stocked(_a_week) as stock, shop(stock, "--latency", "0.1") as served:
        payment = _plain_payment(served)
        for number in (2, 3):
            yield _at_once(served, runs, number)
        yield _explained(served, runs, payment)


def _a_week(app: SandboxApp) -> None:
    seed(app, payments=_PAYMENTS, until=datetime.now(UTC))


def _plain_payment(served: Shop) -> str:
    """One that was delivered under its own key, as nearly all are."""
    found = served.run("reconcile", "--since", "8d", "--all").data["items"]
    return next(
        str(item["payment_intent"])
        for item in found
        if item["kind"] == "settled" and item["matched_by"] == "stratagem_id"
    )


def _at_once(served: Shop, runs: int, number: int) -> Line:
    ratios, seconds, refusals = [], [], 0
    for _ in range(runs):
        alone = sum(served.run(*words).seconds for words in _LONG[:number])
        began = time.perf_counter()
        with ThreadPoolExecutor(number) as pool:
            ran = list(pool.map(lambda words: served.run(*words), _LONG[:number]))
        seconds.append(time.perf_counter() - began)
        ratios.append(seconds[-1] / alone)
        refusals += sum(each.refusals for each in ran)
    ratio = median(ratios)
    return Line(
        f"{number} commands at once over {_PAYMENTS:,} payments",
        in_words(median(seconds)),
        f"{ratio:.2f} × one after the other, {refusals} × 429",
        f"≤ {_MOST_OF_SUM:g} ×, no 429",
        ratio <= _MOST_OF_SUM and not refusals,
    )


def _explained(served: Shop, runs: int, payment: str) -> Line:
    seconds, refusals = [], 0
    for _ in range(runs):
        with ThreadPoolExecutor(len(_LONG)) as pool:
            reading = [pool.submit(served.run, *words) for words in _LONG]
            time.sleep(_AMONG_THEM_SECONDS)
            told = served.run("explain", payment)
            refusals += told.refusals + sum(each.result().refusals for each in reading)
        seconds.append(told.seconds)
    return Line(
        f"explain among {len(_LONG)} of them",
        in_words(median(seconds)),
        f"{refusals} × 429",
        f"≤ {_MOST_EXPLAIN_SECONDS:g} s, no 429",
        median(seconds) <= _MOST_EXPLAIN_SECONDS and not refusals,
    )


ROWS: dict[str, Row] = {"together": together}
