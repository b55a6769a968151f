"""The same counter as for credits."""

from __future__ import annotations

from tests.cli.credit.conftest import counter

__all__ = ["counter"]
