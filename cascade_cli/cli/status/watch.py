"""`cascade status --watch`: the screen, drawn again and again until Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import NoReturn

from rich.console import Group
from rich.live import Live
from rich.text import Text

from cascade_cli.cli.status.run import StatusReader, check_since
from cascade_cli.cli.status.text import StatusScreen, screen
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.windows import duration_option
from cascade_cli.domain.reconcile.reconciliation import Selection
from cascade_cli.domain.shop.times import format_span
from cascade_cli.errors import UsageError
from cascade_cli.wiring.connection import connected

# Airtable counts calls by the month: a screen left on all day should not use up the plan.
EVERY = timedelta(minutes=5)
SHORTEST = timedelta(seconds=5)
DAY = timedelta(days=1)


def watch(session: Session, since: str, every_text: str | None, selection: Selection) -> Outcome:
    """Read and draw until Ctrl-C, which ends it with exit code 130 as everywhere.

    Raises UsageError before anything is read.
    """
    check_since(session, since)
    every = _every(every_text)
    console = session.console()
    if not console.is_terminal:
        raise UsageError(
            "--watch needs a terminal to draw on.",
            "Without one, run cascade status --json as often as you like.",
        )
    # Messages about waiting for a service would be printed across the screen.
    with (
        connected(replace(session, quiet=True), in_hurry=False) as wiring,
        Live(Text("Reading …"), console=console, screen=True, auto_refresh=False) as live,
    ):
        _watch(
            StatusReader(session, wiring, since, selection).read,
            lambda shown: live.update(
                Group(*(b.content for b in screen(console, shown, [_costs(shown, every)]))),
                refresh=True,
            ),
            every,
        )


def _watch(
    read: Callable[[], StatusScreen], draw: Callable[[StatusScreen], None], every: timedelta
) -> NoReturn:
    with _ctrl_c() as pressed:
        while True:
            draw(read())
            with suppress(Empty):
                pressed.get(timeout=every.total_seconds())
                raise KeyboardInterrupt


@contextmanager
def _ctrl_c() -> Iterator[SimpleQueue[int]]:
    """Raises KeyboardInterrupt as usual, and remembers Ctrl-C as well: Python loses an exception
    that is raised while it disposes of objects, and the screen would stay for minutes.

    It is remembered in a queue, because a threading.Event would hang if the signal interrupted the
    holder of its lock.
    """
    pressed: SimpleQueue[int] = SimpleQueue()

    def press(*_: object) -> NoReturn:
        pressed.put(signal.SIGINT)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _every(text: str | None) -> timedelta:
    every = duration_option("--every", text)
    if every is not None and every < SHORTEST:
        raise UsageError(
            f"--every {text} is too often.", f"The shortest is {format_span(SHORTEST)}."
        )
    return EVERY if every is None else every


def _costs(shown: StatusScreen, every: timedelta) -> Text:
    """What watching costs. Airtable counts calls by the month."""
    _stripe, airtable = shown.requests
    a_day = round(airtable * (DAY / every))
    return Text(
        f"Every {format_span(every)}, {airtable} Airtable calls each time, {a_day:,} a day. "
        "Ctrl-C ends it.",
        "dim",
    )
