"""The same counter as for credits, and the server's shop."""

from __future__ import annotations

from tests.cli.credit.conftest import counter
from tests.server.conftest import shop

__all__ = ["counter", "shop"]
