"""The sandbox's weeks were written by one party and are judged by another: they must agree."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.engine_schedule import parse_schedule
from cascade_cli.domain.shop.times import Window
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import SeedReport, seed
from cascade_cli.services.reconcile.gather import Run
from tests.harness.sandboxed import served

GRACE = timedelta(minutes=15)
SCHEDULE = parse_schedule("11:00,19:00 Europe/Rome")
AFTERNOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def seeded_and_judged(
    scenario: str, now: datetime, payments: int = 200, number: int = 7
) -> tuple[SeedReport, Run]:
    """What was meant, and what was found, in the seven days before `now`."""
    chance = random.Random(1)  # noqa: S311
    with closing(SandboxApp(":memory:", now=lambda: now, random=chance)) as app:
        report = seed(app, scenario=scenario, payments=payments, seed=number, until=now)
        with served(app) as sandboxed, sandboxed.wired() as wiring:
            window = Window(now - timedelta(days=7), now)
            run = wiring.reconciler.run(window, Terms(now, GRACE, SCHEDULE, PriceList()))
        assert not app.crashes
        return report, run


def is_void(item: Item) -> bool:
    """All money went back before anything was credited: settled, and the seed counts no sale."""
    return bool(item.charge and item.charge.is_fully_refunded and not item.stratagems)


def found(run: Run) -> dict[str, int]:
    return dict(Counter(item.kind.value for item in run.result.items if not is_void(item)))


def test_a_week_has_three_of_every_kind_and_each_is_found() -> None:
    report, run = seeded_and_judged("week", AFTERNOON)
    assert set(report.kinds) == {kind.value for kind in Kind}
    assert min(report.kinds.values()) >= 3
    assert found(run) == report.kinds


@pytest.mark.parametrize("number", [1, 2, 3])
def test_another_seed_is_found_as_exactly(number: int) -> None:
    report, run = seeded_and_judged("week", AFTERNOON, number=number)
    assert found(run) == report.kinds


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC), id="just after a run"),
        pytest.param(datetime(2026, 11, 20, 9, 59, 30, tzinfo=UTC), id="just before a run"),
        pytest.param(datetime(2026, 11, 20, 10, 5, tzinfo=UTC), id="five minutes after a run"),
        pytest.param(datetime(2026, 11, 20, 0, 0, tzinfo=UTC), id="midnight"),
        pytest.param(datetime(2026, 3, 29, 12, 0, tzinfo=UTC), id="clocks went forward"),
        pytest.param(datetime(2026, 10, 25, 12, 0, tzinfo=UTC), id="clocks went back"),
    ],
)
def test_a_week_is_found_exactly_at_any_hour(now: datetime) -> None:
    report, run = seeded_and_judged("week", now)
    assert found(run) == report.kinds


def test_a_quiet_week_has_no_discrepancy() -> None:
    report, run = seeded_and_judged("quiet", AFTERNOON)
    assert found(run) == report.kinds
    assert run.result.discrepancies == ()


def test_an_empty_sandbox_has_nothing_to_judge() -> None:
    report, run = seeded_and_judged("empty", AFTERNOON)
    assert found(run) == report.kinds == {}
    assert (run.coverage.charges, run.coverage.stratagems) == (0, 0)


def test_a_large_week_is_found_exactly() -> None:
    report, run = seeded_and_judged("large", AFTERNOON, payments=600)
    assert found(run) == report.kinds


def test_what_is_not_a_ducat_sale_is_counted_and_left_alone() -> None:
    _, run = seeded_and_judged("week", AFTERNOON)
    assert (run.coverage.other_products, run.coverage.unpaid) == (12, 8)
    assert (run.result.manual, run.result.elsewhere) == (3, 1)


def test_charges_refunded_before_delivery_are_settled_and_sell_nothing() -> None:
    _, run = seeded_and_judged("week", AFTERNOON)
    void = [item for item in run.result.items if is_void(item)]
    assert [item.kind for item in void] == [Kind.SETTLED] * 2
