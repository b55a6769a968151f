"""Single keys and short answers from a terminal."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from cascade_cli.cli.terminal.signals import Arrivals, arrivals

RESIZED = "resized"
NEXT, BACK, END = "next", "back", "end"
_NAMED = {
    b"\x1b[C": NEXT,
    b"\x1bOC": NEXT,
    b" ": NEXT,
    b"\x1b[D": BACK,
    b"\x1bOD": BACK,
    b"\x04": END,
    b"": END,
}


class Keyboard:
    """Reads standard input key by key. The wait also ends when the window changes, or the program
    comes back from the background. Between two keys, the terminal is in its original mode."""

    def __init__(self, signals: Arrivals) -> None:
        self._signals = signals

    def key(self, show: Callable[[], None]) -> str:
        """Show the screen, then wait for one key: its name, or the character typed. `RESIZED` asks
        for the screen to be drawn again.

        Keys typed earlier are dropped, because they were not meant for this screen. So are many
        characters at once, which come from the clipboard.
        """
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        try:
            tty.setcbreak(terminal, termios.TCSAFLUSH)
            show()
            if self._signals.wait(terminal):
                return RESIZED
            typed = os.read(terminal, 4096)
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        return _NAMED.get(typed) or (typed.decode() if len(typed) == 1 and typed < b"\x7f" else "")


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Standard input as keys, while the block lasts."""
    signals = (signal.SIGWINCH, signal.SIGCONT)
    with arrivals() as arrived:
        before = [signal.signal(one, lambda *_: None) for one in signals]
        try:
            yield Keyboard(arrived)
        finally:
            for one, handler in zip(signals, before, strict=True):
                signal.signal(one, handler)


def answer(question: str, default: str = "") -> str:
    """One line, trimmed, or the default if it is empty. Ctrl-D gives an empty answer; Ctrl-C ends
    the command, as everywhere. Typer raises Abort for both."""
    try:
        said = typer.prompt(question, default=default, show_default=bool(default), err=True)
    except typer.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            return ""
        raise KeyboardInterrupt from None
    return str(said).strip()
