"""The same counter as for credits, and the server's processes."""

from __future__ import annotations

from tests.cli.credit.conftest import counter

__all__ = ["counter"]
