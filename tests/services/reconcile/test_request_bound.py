"""However much is odd, a reconciliation asks little more than the two listings hold."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.matching import named_payments
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.engine_schedule import parse_schedule
from cascade_cli.domain.shop.times import Window
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from cascade_cli.services.reconcile.gather import Run
from tests.harness.sandboxed import served

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TERMS = Terms(NOW, timedelta(minutes=15), parse_schedule("11:00,19:00 Europe/Rome"), PriceList())


def judged(scenario: str, payments: int, number: int) -> tuple[Run, int]:
    """A seeded week, and how many requests it took to judge it."""
    with closing(SandboxApp(":memory:", now=lambda: NOW)) as app:
        seed(app, scenario=scenario, payments=payments, seed=number, until=NOW)
        with served(app) as sandboxed, sandboxed.wired() as wiring:
            run = wiring.reconciler.run(Window(NOW - timedelta(days=7), NOW), TERMS)
            return run, len(sandboxed.recorder.requests)


def named_elsewhere(run: Run) -> int:
    """The payments that a row names and no listing shows."""
    rows = (r for i in run.result.items if i.kind is Kind.ORPHAN for r in i.stratagems)
    return len({named[0] for row in rows if (named := named_payments(row))})


@pytest.mark.parametrize(
    ("scenario", "payments", "number"),
    [
        ("large", 2000, 1),
        ("large", 2000, 2),
        ("week", 2000, 3),
        ("week", 200, 4),
        ("large", 600, 5),
    ],
)
def test_what_is_odd_costs_hardly_a_request_more(scenario: str, payments: int, number: int) -> None:
    run, requests = judged(scenario, payments, number)
    assert set(run.result.counts) >= {Kind.DISPUTED, Kind.ORPHAN, Kind.UNATTRIBUTABLE}
    bound = 1.05 * (run.coverage.charges + run.coverage.stratagems) / 100 + 10
    assert requests <= bound + named_elsewhere(run)
