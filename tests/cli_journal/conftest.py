from __future__ import annotations

from tests.shop_day import day

__all__ = ["day"]
