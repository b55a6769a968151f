"""Where a pace is kept: in this process, or in a file that all processes of a machine share."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cascade_cli.adapters.http.pace import Pace, Step

_MOST_WAIT_SECONDS = 2.0
_KNOCK_SECONDS = 0.002
_MOST_BYTES = 100_000
_OWNER_ONLY = 0o600


ChangePace = Callable[[Step], Any]
"""Applies a step to a pace, one caller at a time, and returns what the step returns. Raises OSError
if the pace cannot be stored."""


class OwnPace:
    """A pace for the threads of this process alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock, self._pace = clock, threading.Lock(), Pace()

    def change(self, step: Step) -> Any:
        """A ChangePace."""
        with self._lock:
            return step(self._pace, self._clock())


class PaceFile:
    """A pace for all processes that can open the file, by the machine's own clock since its boot.

    The operating system keeps the lock, and releases it when a process dies. Nothing is synced to
    disk: after a power cut the pace is void anyway.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock

    def change(self, step: Step) -> Any:
        """A ChangePace."""
        with self._locked() as handle:
            now = self._clock()
            pace = Pace.of(_document(os.pread(handle, _MOST_BYTES, 0)), now)
            result = step(pace, now)
            pace.at = now
            text = json.dumps(pace.document()).encode()
            os.pwrite(handle, text, 0)
            os.ftruncate(handle, len(text))
        return result

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        # Opened each time: threads that share a handle would share its lock.
        handle = os.open(self._path, flags, _OWNER_ONLY)
        try:
            _lock(handle)
            yield handle
        finally:
            os.close(handle)


def _lock(handle: int) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock  # noqa: PLC0415 - not on every system
    except ImportError as error:
        raise OSError("this system does not release the file lock of a dead process") from error

    until = time.monotonic() + _MOST_WAIT_SECONDS
    while True:
        try:
            return flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            # The holder needs less than a millisecond, unless its process was stopped meanwhile.
            if time.monotonic() > until:
                raise
        time.sleep(_KNOCK_SECONDS)


def _document(content: bytes) -> dict[str, Any]:
    """The file's JSON object; empty if no process has written one, or one died while writing."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
