from __future__ import annotations

import pytest

from cascade_cli.sandbox.seed import SeedReport, seed
from tests.harness.shop_day import ShopDay


@pytest.fixture
def week(day: ShopDay) -> SeedReport:
    """The seeded week of 200 payments, with every kind of discrepancy."""
    return seed(day.sandboxed.app, scenario="week", until=day.clock())


@pytest.fixture
def quiet(day: ShopDay) -> SeedReport:
    """A seeded week in which all is well."""
    return seed(day.sandboxed.app, scenario="quiet", until=day.clock())
