from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from cascade_cli.cli.reconcile.report.charts import NARROWEST, segments, share
from cascade_cli.domain.reconcile.equation import Equation
from cascade_cli.domain.shop.money import ZERO
from tests.domain.samples import judge

NOTHING = judge([]).equation


def sold(*parts: str) -> Equation:
    """An equation of settled, in flight, undelivered, doubtful and unattributable."""
    names = ("settled", "in_flight", "undelivered", "doubtful", "unattributable")
    named = dict(zip(names, map(Decimal, parts), strict=True))
    return replace(NOTHING, sold=sum(named.values(), ZERO), **named)


def test_the_parts_fill_the_bar_one_after_the_other() -> None:
    found = segments(sold("50", "20", "15", "10", "5"))
    assert [part.start for part in found] == [0, 50, 70, 85, 95]
    assert [part.width for part in found] == [50, 20, 15, 10, 5]
    assert [part.share for part in found] == ["50.0 %", "20.0 %", "15.0 %", "10.0 %", "5.0 %"]


def test_a_part_that_is_there_can_be_seen_however_small() -> None:
    found = segments(sold("1000000", "0", "0.01", "0", "0"))
    assert found[2].width >= NARROWEST / 2
    assert found[1].width == 0
    assert sum(part.width for part in found) == pytest.approx(100, abs=0.01)


def test_without_sales_the_bar_is_empty() -> None:
    assert {(part.width, part.share) for part in segments(NOTHING)} == {(0, "–")}


def test_a_share_is_never_rounded_to_nothing_or_to_all() -> None:
    assert share(Decimal("0.01"), Decimal(1_000_000)) == "< 0.1 %"
    assert share(Decimal("999999.99"), Decimal(1_000_000)) == "> 99.9 %"
    assert share(Decimal(1), Decimal(1)) == "100.0 %"
