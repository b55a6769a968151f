"""The sandbox's clock: this machine's clock, shifted.

`sandbox advance` shifts it forward, and a story with a `now` shifts it anywhere. The shift is kept
in a file of the state folder, so every process that uses the sandbox has the same time, and a
running process follows at once.
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


class ClockFileError(Exception):
    """The clock's file cannot be read as a shift."""


class SandboxClock:
    """The clock of the sandbox in `folder`. Call it for the present. Raises ClockFileError."""

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
        except OSError:
            # If the folder cannot be used, opening the sandbox in it reports that.
            self._seen, self._shift = None, _NO_SHIFT
            return self._shift
        version = found.st_ino, found.st_mtime_ns
        if version != self._seen:
            self._shift, self._seen = self._read(), version
        return self._shift

    def _read(self) -> timedelta:
        try:
            document = json.loads(self._file.read_text(encoding="utf-8"))
            return timedelta(seconds=document["ahead_seconds"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ClockFileError(
                f"{self._file} does not say what time it is in the sandbox"
            ) from error

    def set(self, moment: datetime) -> None:
        """Set the clock to `moment`."""
        self.set_shift(moment - utc_now())

    def set_shift(self, shift: timedelta) -> None:
        """Set the clock that far ahead of this machine's."""
        ahead = {"ahead_seconds": shift.total_seconds()}
        # Write a draft and rename it, so that no other process reads half a file.
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(ahead), encoding="utf-8")
        draft.replace(self._file)
