"""A program on a real terminal of a given size, and what its screen shows."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

LONGEST_SECONDS = 120


class Terminal:
    """Keys go in; the screen is what a person would see. All that was written stays in `raw`."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        rows: int,
        columns: int,
    ) -> None:
        self.process = pexpect.spawn(
            command[0],
            list(command[1:]),
            cwd=str(folder),
            env={"TERM": "xterm-256color", **environment},
            dimensions=(rows, columns),
        )
        # Keys are sent when the screen stands there: no need to wait between them.
        self.process.delaybeforesend = None
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""

    @property
    def lines(self) -> list[str]:
        """The screen, line by line."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The same, without how it is folded."""
        return " ".join(" ".join(self.lines).split())

    def until(self, text: str) -> str:
        """Wait until the screen shows the text."""
        end = time.monotonic() + LONGEST_SECONDS
        while text not in self.text:
            assert time.monotonic() < end, "\n".join(self.lines)
            self._read()
        return self.text

    def _read(self) -> None:
        try:
            read = self.process.read_nonblocking(4096, timeout=0.1)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            raise AssertionError("it has ended:\n" + "\n".join(self.lines)) from None
        self.raw += read
        self._stream.feed(read)

    def press(self, key: str, then: str) -> str:
        """A key, or a line, and the text that the screen shows afterwards. What is pressed before
        the screen stands there counts for nothing."""
        self.process.send(key)
        return self.until(then)

    def resize(self, rows: int, columns: int) -> None:
        """The window changes its size."""
        self.screen.reset()
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill(signal.SIGKILL)
        self.process.wait()

    def ended(self) -> int:
        """Its exit code, and the rest of what it wrote."""
        end = time.monotonic() + LONGEST_SECONDS
        while self.process.isalive() or not self.process.flag_eof:
            assert time.monotonic() < end, "\n".join(self.lines)
            try:
                self._read()
            except AssertionError:
                break
        self.process.wait() if self.process.isalive() else None
        return int(self.process.exitstatus)

    def close(self) -> None:
        """Whatever it is doing."""
        self.process.close(force=True)
