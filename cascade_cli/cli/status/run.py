"""`cascade status`: reads the shop's state, once or with --watch again and again, and makes an
outcome of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NoReturn

from rich.console import Group
from rich.text import Text

from cascade_cli.cli.status.json import document
from cascade_cli.cli.status.text import SANDBOX, StatusScreen, screen
from cascade_cli.cli.terminal.console import paged
from cascade_cli.cli.terminal.option_values import duration_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.signals import arrivals
from cascade_cli.cli.terminal.windows import (
    FIRST_SINCE,
    LAST,
    parse_window,
    window_since_last,
)
from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.domain.reconcile.overview import today
from cascade_cli.domain.reconcile.reconciliation import Selection
from cascade_cli.domain.records.stripe_events import MODES
from cascade_cli.domain.shop.times import Window, format_span
from cascade_cli.errors import CascadeError, ExitCode, JournalError, SettingsError, UsageError
from cascade_cli.services.status.status_service import (
    NO_RECORDS,
    Gap,
    Records,
    Status,
    StatusService,
    read_records,
)
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.journal_memory import decided
from cascade_cli.wiring.reading import Wiring

# Airtable counts calls by the month: a screen left on all day should not use up the plan.
WATCH_EVERY = timedelta(minutes=5)
SHORTEST_EVERY = timedelta(seconds=5)
DAY = timedelta(days=1)


def status(session: Session, since: str, selection: Selection) -> Outcome:
    """Read once. Raises UsageError before anything is read."""
    check_since(session, since)
    with connected(session, in_hurry=False) as wiring, _progress(session) as tell:
        reader = StatusReader(session, wiring, since, selection)
        shown = reader.read(tell)
    if run := shown.status.run:
        unknown = selection.nothing_about_citizen(run.result)
        for remark in (*run.remarks, *([unknown] if unknown else [])):
            session.warn(remark)
    return outcome_of(shown)


def check_since(session: Session, since: str) -> None:
    """Raises UsageError for an invalid window."""
    parse_window(FIRST_SINCE if since == LAST else since, None, session.now())


@dataclass
class StatusReader:
    """Reads everything that one screen shows, as often as asked."""

    session: Session
    wiring: Wiring
    since: str
    selection: Selection = field(default_factory=Selection)

    def __post_init__(self) -> None:
        wiring = self.wiring
        processor = wiring.settings.processor
        self._service = StatusService(
            wiring.payments,
            wiring.transfers,
            wiring.citizens,
            wiring.events.events,
            processor,
            wiring.past,
        )

    def read(self, tell: Callable[[str], None] = lambda _step: None) -> StatusScreen:
        """The state as of now. Writes nothing, and raises nothing if a service is down."""
        return self.wiring.clock.with_corrected_time(lambda now, _check: self._read(now, tell))

    def _read(self, now: datetime, tell: Callable[[str], None]) -> StatusScreen:
        # With --watch one connection serves many screens; each counts its own requests.
        before = self._requests()
        settings = self.wiring.settings
        records, window, gaps = self._recorded(now)
        known = decided(self.session, self.wiring)
        terms = self.wiring.terms(now, known)
        follow = records.memory if records and self.since == LAST else None
        status = self._service.read(window, terms, records, tell, follow=follow)
        status = replace(status, gaps=(*gaps, *status.gaps))
        after = self._requests()
        promised = today(records.promised_today, settings.max_per_day, now) if records else None
        return StatusScreen(
            status,
            promised,
            settings.processor,
            self._mode(),
            self.since,
            (after[0] - before[0], after[1] - before[1]),
            self.selection,
        )

    def _recorded(self, now: datetime) -> tuple[Records | None, Window, tuple[Gap, ...]]:
        """What the journal records, and the window that it or the option names."""
        try:
            archive = self.wiring.shop_journal.archive(self.wiring.clock.now)
            if archive is None:
                return NO_RECORDS, self._window(None, now), ()
            base = self.wiring.settings.airtable_base
            mark = archive.journal.mark(mark_name(base))
            memory = Checkpoint.of(mark).trusted(now) if mark else None
            window = self._window(memory, now)
            attention_since = min(window.since, memory.blind_since) if memory else window.since
            journal, inbox = archive.journal, archive.inbox
            records = read_records(journal, inbox, memory, attention_since, base)
        except JournalError as error:
            return None, self._window(None, now), (Gap("the journal", error),)
        return records, window, ()

    def _window(self, memory: Checkpoint | None, now: datetime) -> Window:
        if self.since != LAST:
            return parse_window(self.since, None, now)
        return window_since_last(memory, None, now)

    def _mode(self) -> str:
        return SANDBOX if self.session.sandbox else MODES[self.wiring.settings.livemode]

    def _requests(self) -> tuple[int, int]:
        return self.wiring.stripe.requests_sent, self.wiring.airtable.requests_sent


def outcome_of(shown: StatusScreen) -> Outcome:
    """Exit code 3 while discrepancies remain, as for reconcile; if a part could not be read, the
    code of that error."""
    error = _worst(shown.status)
    return Outcome(
        document(shown),
        lambda session: _show(session, shown),
        error.exit_code if error else _code(shown.status),
        error,
    )


def _show(session: Session, shown: StatusScreen) -> None:
    console = session.console()
    with paged(console, wanted=session.pages and shown.selection.is_part):
        for block in screen(console, shown):
            block.put(console)


def _worst(status: Status) -> CascadeError | None:
    """The error to report. A wrong setting comes first: until somebody corrects it, no other try
    can succeed."""
    errors = [gap.error for gap in status.gaps]
    wrong = [error for error in errors if isinstance(error, SettingsError)]
    return next(iter([*wrong, *errors]), None)


def _code(status: Status) -> ExitCode:
    has_any = status.run is not None and status.run.result.discrepancies
    return ExitCode.DISCREPANCIES if has_any else ExitCode.OK


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[str], None]]:
    """A line that moves on a terminal's stderr while reading."""
    if session.quiet or not sys.stderr.isatty():
        yield lambda _step: None
        return
    with session.console(stderr=True).status("") as line:
        yield line.update


def watch(session: Session, since: str, every_text: str | None, selection: Selection) -> Outcome:
    """Read and draw until Ctrl-C, which ends it with exit code 130 as everywhere.

    Raises UsageError before anything is read.
    """
    from rich.live import Live  # noqa: PLC0415 - only to watch

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
        reader = StatusReader(session, wiring, since, selection)

        def read() -> StatusScreen:
            # Between two screens somebody may restore the journal, or reset the sandbox.
            wiring.shop_journal.close()
            return reader.read()

        _watch(
            read,
            lambda shown: live.update(
                Group(*(b.content for b in screen(console, shown, [_costs(shown, every)]))),
                refresh=True,
            ),
            every,
        )


def _watch(
    read: Callable[[], StatusScreen], draw: Callable[[StatusScreen], None], every: timedelta
) -> NoReturn:
    with arrivals() as signals:
        while True:
            draw(read())
            signals.sleep(every.total_seconds())


def _every(text: str | None) -> timedelta:
    every = duration_option("--every", text)
    if every is not None and every < SHORTEST_EVERY:
        raise UsageError(
            f"--every {text} is too often.", f"The shortest is {format_span(SHORTEST_EVERY)}."
        )
    return WATCH_EVERY if every is None else every


def _costs(shown: StatusScreen, every: timedelta) -> Text:
    """What watching costs. Airtable counts calls by the month."""
    _stripe, airtable = shown.requests
    a_day = round(airtable * (DAY / every))
    return Text(
        f"Every {format_span(every)}, {airtable} Airtable calls each time, {a_day:,} a day. "
        "Ctrl-C ends it.",
        "dim",
    )
