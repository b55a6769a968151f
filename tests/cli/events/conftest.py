from __future__ import annotations

from tests.harness.shop_day import day

__all__ = ["day"]
