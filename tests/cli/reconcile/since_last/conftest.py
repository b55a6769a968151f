from __future__ import annotations

import pytest

from tests.cli.reconcile.since_last.shop import NightShop
from tests.harness.shop_day import ShopDay


@pytest.fixture
def shop(day: ShopDay) -> NightShop:
    """A shop where marco buys, and nothing has been sold yet."""
    day.open("marco")
    return NightShop(day)
