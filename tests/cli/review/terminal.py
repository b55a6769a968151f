"""A real terminal of a given size with `cascade review` in it, and what its screen shows."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.harness import terminal
from tests.harness.commands import ROOT


class Terminal(terminal.Terminal):
    """Keys go in; the screen is what a person would see. All that was written stays in `raw`."""

    def __init__(
        self,
        words: Sequence[str],
        settings: Mapping[str, str],
        folder: Path,
        rows: int,
        columns: int,
    ) -> None:
        command = [sys.executable, "-m", "cascade_cli", "review", *words]
        environment = {"PATH": os.environ["PATH"], **settings}
        places = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        super().__init__(command, {**places, **environment}, folder, rows, columns)
