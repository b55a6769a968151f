"""Processes of cascade that begin with all modules loaded: a second less of work for each.

They are forked from a process that has loaded them and done nothing else. Each is a process of its
own, with its own environment, streams and clock; signals reach it as any other.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.harness.commands import Answer

_LOADED = (
    "tests.processes.worker",
    "cascade_cli.cli.resolve.command",
    "cascade_cli.cli.resolve.run",
)
_PATIENCE_SECONDS = 120
_MOMENT_SECONDS = 0.001

_context = get_context("forkserver")
_context.set_forkserver_preload(list(_LOADED))


class Child:
    """One `tests.processes.worker` with these words; `folder` is for what it says."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self._streams = (folder / "out.txt", folder / "err.txt")
        arguments = (tuple(words), dict(environment), *self._streams)
        self._process: ForkServerProcess = _context.Process(target=_live, args=arguments)
        self._process.start()

    @property
    def is_running(self) -> bool:
        """It has not come to its end."""
        return self._process.exitcode is None

    @property
    def said(self) -> str:
        """What it has told people so far."""
        complaint = self._streams[1]
        return complaint.read_text(encoding="utf-8") if complaint.exists() else ""

    def ended(self) -> Answer:
        """Once it is done."""
        self._process.join(_PATIENCE_SECONDS)
        code = self._process.exitcode
        if code is None:
            self.kill()
            raise TimeoutError(f"no end within {_PATIENCE_SECONDS} s")
        self._process.close()
        return Answer(code, *(stream.read_text(encoding="utf-8") for stream in self._streams))

    def kill(self) -> None:
        """SIGKILL: it has no time to say anything. Another thread may wait for its end, and only
        one may be told of that."""
        if pid := self._process.pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                while True:
                    os.kill(pid, 0)
                    time.sleep(_MOMENT_SECONDS)


def _live(words: Sequence[str], environment: Mapping[str, str], out: Path, err: Path) -> None:
    from tests.processes.worker import main  # noqa: PLC0415 - loaded by now, but not by a test

    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    raise SystemExit(main(words))
