"""Running cascade: within this process, or as one of its own; at a real terminal: terminal.py."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.cli.app import run

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "cascade_cli")
LONGEST_SECONDS = 180


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The envelope of --json: stdout as the one JSON object that it must be."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def data(self) -> dict[str, Any]:
        """What --json puts into `data`."""
        data: dict[str, Any] = self.document["data"]
        return data


class Stream(io.TextIOWrapper):
    """A standard stream that keeps what is written: a pipe, or what calls itself a terminal."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        self._kept, self._is_terminal = io.BytesIO(), is_terminal
        super().__init__(self._kept, encoding="utf-8", newline="", write_through=True)

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        """What was written so far."""
        return self._kept.getvalue().decode()


def in_this_process(
    words: Sequence[str],
    settings: Mapping[str, str | None] | None = None,
    *,
    on_terminal: bool = False,
) -> Answer:
    """Run `cascade …` here, with these settings in the environment; None takes one out."""
    out, err = Stream(is_terminal=on_terminal), Stream()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in (settings or {}).items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        code = run(words)
    return Answer(code, out.text, err.text)


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


def in_a_process(folder: Path, *arguments: str, **settings: str) -> Answer:
    """Run `cascade …` in `folder` as a user's shell would, without a terminal."""
    return ended([*COMMAND, *arguments], folder, environment(folder, **settings))


def ended(line: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Answer:
    """What came of a command line, which nobody gives any input."""
    done = subprocess.run(
        line,
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=LONGEST_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def changed(settings: Mapping[str, str], **other: str | None) -> dict[str, str]:
    """The settings with some changed, and those that are None left out."""
    merged = {**settings, **other}
    return {name: value for name, value in merged.items() if value is not None}
