"""The server's shop."""

from __future__ import annotations

from tests.server.conftest import shop

__all__ = ["shop"]
