from __future__ import annotations

from tests.cli.terminal.conftest import cascade, manual_clock, recently

__all__ = ["cascade", "manual_clock", "recently"]
