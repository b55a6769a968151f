"""`cascade serve` and `cascade sandbox serve` as processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import requests

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
_URL = re.compile(r"http://[0-9.]+:\d+")
_LOOKING = Worker("run-looking", "here", os.getpid(), "a test", "look")


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without any setting of cascade's but these."""
    # Nor may a process have to compile all that it imports: benchmarks measure whole processes.
    known = {"PYTHONDONTWRITEBYTECODE", *(setting.name for setting in SETTINGS)}
    kept = {name: value for name, value in os.environ.items() if name not in known}
    return {**kept, **settings}


class Process:
    """A cascade command that serves; `url` is where. It may open so many `files`."""

    def __init__(
        self, *arguments: str, settings: Mapping[str, str], files: int | None = None
    ) -> None:
        # Not a pipe: nobody would read it while the command writes.
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in stop()
        self._process = subprocess.Popen(
            [*_with_files(files), sys.executable, "-m", "cascade_cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=ROOT,
            env=clean_environment(**settings),
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = _URL.search(line)
        assert found, line + self.said()
        self.url = found[0]

    def said(self) -> str:
        """What it has written to stderr."""
        self.log.seek(0)
        return self.log.read()

    def wait_until_up(self, seconds: float = 20) -> None:
        """Return when it answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                requests.get(f"{self.url}/healthz", timeout=1).raise_for_status()
            except requests.RequestException:
                assert time.monotonic() < deadline, self.said()
                time.sleep(0.05)
            else:
                return

    def megabytes(self) -> float:
        """The most memory that it had since the peak was last forgotten. Linux only."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def forget_memory_peak(self) -> None:
        """From now on only what it has now counts. Linux only."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send it that."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """As the kernel does when memory is short: at once, and nothing is tidied up."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 40) -> int:
        """Ask it to end; its exit code."""
        self._process.terminate()
        return self._process.wait(seconds)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process.poll() is None:
            self.kill()
        if self._process.stdout:
            self._process.stdout.close()
        self.log.close()


def _with_files(most: int | None) -> list[str]:
    """A command's beginning, if it may open so many files."""
    return ["sh", "-c", f'ulimit -n {most} && exec "$@"', "sh"] if most else []


@contextmanager
def process(
    *arguments: str, settings: Mapping[str, str], files: int | None = None
) -> Iterator[Process]:
    """A serving process that answers, gone when the block ends."""
    with closing(Process(*arguments, settings=settings, files=files)) as running:
        running.wait_until_up()
        yield running


@contextmanager
def inbox_at(journal_url: str) -> Iterator[Inbox]:
    """The inbox of a journal, seen from outside the server."""
    with closing(Database(journal_url)) as database:
        yield Inbox(database, _LOOKING, now=utc_now)


def wait_until_dealt_with(journal_url: str, seconds: float) -> dict[EventState, int]:
    """Return the counts when no event waits any more, or when the time is over."""
    deadline = time.monotonic() + seconds
    with inbox_at(journal_url) as inbox:
        while (counts := inbox.counts())[EventState.WAITING] and time.monotonic() < deadline:
            time.sleep(0.2)
    return counts
