"""Running cascade: within this process, or as one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "cascade_cli")


@dataclass(frozen=True)
class Finished:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """stdout as the one JSON object that it must be."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """A process's whole environment: nothing of the developer's but where Python is."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "CASCADE_STATE_DIR": str(folder / "state"),
        **settings,
    }


def in_a_process(folder: Path, *arguments: str, **settings: str) -> Finished:
    """Run `cascade …` in `folder` as a user's shell would, without a terminal."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def changed(settings: Mapping[str, str], **other: str | None) -> dict[str, str]:
    """The settings with some changed, and those that are None left out."""
    merged = {**settings, **other}
    return {name: value for name, value in merged.items() if value is not None}
