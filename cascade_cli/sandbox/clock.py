"""What time it is in the sandbox: this machine's clock, and how far it was put forward or back.

`sandbox advance` puts it forward, and a story with a `now` of its own puts it anywhere. The shift
is a file of the state folder, so every process that uses the sandbox has the same time, and a
running one follows at once.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCK_FILE = "sandbox-clock.json"
_NO_SHIFT = timedelta(0)


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class SandboxClock:
    """Call it for the present of the sandbox in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / CLOCK_FILE
        self._seen: tuple[int, int] | None = None
        self._shift = _NO_SHIFT

    def __call__(self) -> datetime:
        """The present."""
        return utc_now() + self.shift

    @property
    def shift(self) -> timedelta:
        """How far the sandbox is ahead of this machine; negative if it is behind."""
        try:
            found = self._file.stat()
        except FileNotFoundError:
            self._seen, self._shift = None, _NO_SHIFT
            return self._shift
        version = found.st_ino, found.st_mtime_ns
        if version != self._seen:
            document = json.loads(self._file.read_text(encoding="utf-8"))
            self._shift = timedelta(seconds=document["ahead_seconds"])
            self._seen = version
        return self._shift

    def set(self, moment: datetime) -> None:
        """Let it be `moment` now."""
        self.set_shift(moment - utc_now())

    def set_shift(self, shift: timedelta) -> None:
        """Let it be so far ahead of this machine."""
        ahead = {"ahead_seconds": shift.total_seconds()}
        # Rename a finished draft, so that no other process reads half a file.
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(ahead), encoding="utf-8")
        draft.replace(self._file)
