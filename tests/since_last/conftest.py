from __future__ import annotations

import pytest

from tests.shop_day import ShopDay, day
from tests.since_last.shop import NightShop

__all__ = ["day"]


@pytest.fixture
def shop(day: ShopDay) -> NightShop:
    """A shop where marco buys, and nothing has been sold yet."""
    day.open("marco")
    return NightShop(day)
