"""A signal is never missed by a wait, however unlucky the moment.

The kernel may give a signal to any thread. One that another thread took does not interrupt the wait
of the main thread: it looks there as one does that came just before the wait began.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cascade_cli.cli.terminal.signals import arrivals
from tests.harness.commands import COMMAND, environment

LONG = 60


def takes(number: signal.Signals) -> None:
    """Soon, a thread other than the main one takes this signal."""

    def take() -> None:
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), number)

    threading.Thread(target=take).start()


@contextmanager
def handling(number: signal.Signals) -> Iterator[None]:
    before = signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(number, before)


def test_a_wait_ends_with_a_signal_that_does_not_interrupt_it() -> None:
    began = time.monotonic()
    with handling(signal.SIGUSR1), arrivals() as signals:
        takes(signal.SIGUSR1)
        assert signals.wait(seconds=LONG) == {signal.SIGUSR1}
    assert time.monotonic() - began < LONG / 2


def test_what_arrived_before_the_wait_ends_it_and_is_told_once() -> None:
    with handling(signal.SIGUSR1), arrivals() as signals:
        for _ in range(3):
            signal.raise_signal(signal.SIGUSR1)
        assert signals.wait(seconds=LONG) == {signal.SIGUSR1}
        assert signals.wait(seconds=0) == set()


def test_a_ctrl_c_that_was_lost_is_raised_by_the_wait() -> None:
    with arrivals() as signals:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signals.wait(seconds=LONG)


def test_more_signals_than_a_pipe_holds_hold_up_nobody() -> None:
    with handling(signal.SIGUSR1), arrivals() as signals:
        for _ in range(70_000):
            signal.raise_signal(signal.SIGUSR1)
        assert signals.wait(seconds=LONG) == {signal.SIGUSR1}


def test_what_can_be_read_ends_the_wait_as_well() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"k")
    with arrivals() as signals:
        assert signals.wait(ours, seconds=LONG) == set()
    os.close(ours)
    os.close(theirs)


def test_a_moment_that_has_passed_is_not_waited_for() -> None:
    with arrivals() as signals:
        signals.sleep(-1)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_behind() -> None:
    with handling(signal.SIGUSR1):
        before = _open_files()
        with arrivals():
            pass
        assert _open_files() == before
        assert signal.set_wakeup_fd(-1) == -1


_WATCHING = """
import signal
from datetime import timedelta
from cascade_cli.cli.status.run import _watch
from tests.cli.terminal.test_signals import takes

_watch(lambda: None, lambda _: takes(signal.SIGINT), timedelta(minutes=5))
"""


def test_ctrl_c_ends_watching_though_it_came_just_before_the_wait() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WATCHING], capture_output=True, check=False, timeout=LONG, text=True
    )
    assert done.stderr.endswith("KeyboardInterrupt\n")


@pytest.mark.parametrize("by_main", [True, False])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_served_sandbox_ends_whichever_thread_takes_the_signal(
    tmp_path: Path, number: signal.Signals, *, by_main: bool
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "sandbox", "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    threads = {int(thread.name) for thread in Path(f"/proc/{process.pid}/task").iterdir()}
    taker = process.pid if by_main else max(threads - {process.pid})
    assert ctypes.CDLL(None).tgkill(process.pid, taker, number) == 0
    try:
        _, err = process.communicate(timeout=LONG)
    finally:
        process.kill()
    assert process.returncode == {signal.SIGTERM: 0, signal.SIGINT: 130}[number]
    assert b"Traceback" not in err
