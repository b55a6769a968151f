from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.status.status_service import NO_RECORDS, StatusService
from tests.harness.counter import Counter
from tests.harness.shop_day import ShopDay

LEAVES = b"\x1b[?1049l"
CURSOR_IS_BACK = b"\x1b[?25h"


class Terminal:
    """What a command wrote to the terminal that it was given."""

    def __init__(self, ours: int) -> None:
        self._ours = ours
        self.text = b""

    def read_until(self, wanted: bytes, times: int = 1) -> None:
        """Returns once it was written so often."""
        while self.text.count(wanted) < times:
            self.text += os.read(self._ours, 4096)

    def read_rest(self) -> None:
        """All until the command has ended; Linux answers with an error then."""
        try:
            while more := os.read(self._ours, 4096):
                self.text += more
        except OSError:
            return


_LONGEST_SECONDS = 120


@contextmanager
def _watching(counter: Counter, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    environment = {**os.environ, **counter.environment(), "TERM": "xterm", "COLUMNS": "80"}
    line = [sys.executable, "-m", "cascade_cli", "status", "--watch", *words]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        line, env=environment, stdout=theirs, stderr=theirs, stdin=theirs
    ) as process:
        os.close(theirs)
        # What does not end by itself must not hold up everything else.
        deadline = threading.Timer(_LONGEST_SECONDS, process.kill)
        deadline.start()
        yield process, Terminal(ours)
        deadline.cancel()
    os.close(ours)


def test_ctrl_c_ends_it_with_130_and_gives_the_terminal_back(counter: Counter) -> None:
    with _watching(counter) as (process, terminal):
        terminal.read_until(b"Ctrl-C ends it.")
        assert LEAVES not in terminal.text
        process.send_signal(signal.SIGINT)
        terminal.read_rest()
        assert process.wait(timeout=60) == 130
    assert terminal.text.rindex(CURSOR_IS_BACK) > terminal.text.index(b"Ctrl-C ends it.")
    assert terminal.text.count(LEAVES) == 1
    assert b"Traceback" not in terminal.text


def test_the_screen_is_renewed_and_tells_what_watching_costs(counter: Counter) -> None:
    began = time.monotonic()
    with _watching(counter, "--every", "5s") as (process, terminal):
        terminal.read_until(b"Ctrl-C ends it.", times=2)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert time.monotonic() - began > 5
    assert b"Every 5s, 4 Airtable calls each time, 69,120 a day." in terminal.text.replace(
        b"\r\n", b" "
    )


# Presses Ctrl-C at the n-th line that Python runs after the screen was drawn.
_AT_EVERY_LINE = """
import signal, sys
from datetime import timedelta
from cascade_cli.cli.status.run import _watch

for at in range(1, 60):
    left = at

    def pressing(frame, event, _):
        global left
        left -= event == "line"
        if not left:
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return pressing

    try:
        _watch(lambda: None, lambda _: sys.settrace(pressing), timedelta(milliseconds=1))
    except KeyboardInterrupt:
        sys.settrace(None)
        print(at)
"""


def test_ctrl_c_ends_it_whatever_it_interrupts() -> None:
    words = [sys.executable, "-c", _AT_EVERY_LINE]
    done = subprocess.run(words, capture_output=True, check=True, timeout=60, text=True)
    assert done.stdout.split() == [str(at) for at in range(1, 60)]


def test_without_a_terminal_it_is_refused_before_any_request(counter: Counter) -> None:
    answer = counter.type("status", "--watch")
    assert answer.code == 2
    assert "--watch needs a terminal" in answer.err
    assert counter.requests == []


@pytest.mark.parametrize(
    "words",
    [
        ("--watch", "--json"),
        ("--every", "5m"),
        ("--watch", "--every", "4s"),
        ("--watch", "--every", "often"),
    ],
)
def test_words_that_do_not_go_together_are_refused(
    counter: Counter, words: tuple[str, ...]
) -> None:
    assert counter.type("status", *words).code == 2
    assert counter.requests == []


def test_the_second_look_does_not_read_again_what_was_executed_long_ago(day: ShopDay) -> None:
    day.open("marco")
    notes = '{"amount": 100.0, "reason": "gift"}'
    for number in range(250):
        at = day.ago(days=10)
        day.sandboxed.transfer(f"old {number}", at, ExecutedAt=at.isoformat(), Notes=notes)
    requests = day.sandboxed.recorder
    with day.sandboxed.wired() as wiring:
        base, processor = wiring.settings.airtable_base, wiring.settings.processor
        transfers = TransferReader(wiring.api, base, processor)
        citizens, events = CitizenReader(wiring.api, base), wiring.events.events
        service = StatusService(wiring.payments, transfers, citizens, events, processor)
        looks = []
        for _ in range(2):
            now, before = day.clock(), len(requests.to("airtable"))
            terms = Terms(now, wiring.settings.grace, wiring.settings.engine, wiring.prices)
            window = Window(now - timedelta(days=2), now)
            status = service.read(window, terms, NO_RECORDS)
            assert status.treasury
            assert status.treasury.finances
            looks.append(len(requests.to("airtable")) - before)
            assert status.treasury.finances.executed.ducats == 25000
            assert sum(d.ducats for d in status.treasury.delivered) == 25000
            day.clock.advance(minutes=5)
    assert looks == [5, 3]
