"""`cascade reconcile`: from options to an outcome, with bars on stderr while it reads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from cascade_cli.adapters.http.transport import Transport
from cascade_cli.cli.reconcile.checkpoint import recall, remember
from cascade_cli.cli.reconcile.csv import write_csv
from cascade_cli.cli.reconcile.json import RunFacts, document, incomplete_document
from cascade_cli.cli.reconcile.options import ReconcileOptions
from cascade_cli.cli.reconcile.text import show
from cascade_cli.cli.terminal.option_values import duration_option
from cascade_cli.cli.terminal.session import Outcome, Session, failure
from cascade_cli.cli.terminal.windows import (
    FIRST_SINCE,
    LAST,
    parse_window,
    window_since_last,
)
from cascade_cli.domain.history.checkpoint import Checkpoint, changes
from cascade_cli.domain.history.verification import Depth
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import ExitCode, ServiceError, UsageError
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.journal_memory import decided, forget_debts
from cascade_cli.wiring.reading import Wiring


@dataclass(frozen=True)
class JudgedOutcome(Outcome):
    """The outcome of a run that read everything, with the run itself and what it was wired to."""

    run: Run = field(kw_only=True)
    reading: RunFacts = field(kw_only=True)
    wiring: Wiring = field(kw_only=True)


@dataclass(frozen=True)
class RunAttempt:
    """One run: its outcome, and the run itself unless it could not read everything."""

    outcome: Outcome
    run: Run | None = None


def reconcile(session: Session, options: ReconcileOptions) -> Outcome:
    """Run the reconciliation. Raises UsageError before anything is read."""
    check_options(session, options)
    with connected(session, in_hurry=False) as wiring:
        attempt, _, _ = wiring.clock.with_corrected_time(
            partial(attempt_first_run, session, wiring, options)
        )
        if attempt.run is not None and options.until is None:
            remember(session, wiring, attempt.run)
            forget_debts(session, wiring, attempt.run)
        return attempt.outcome


def attempt_first_run(
    session: Session,
    wiring: Wiring,
    options: ReconcileOptions,
    now: datetime,
    check_time: Callable[[], None],
) -> tuple[RunAttempt, Window, Checkpoint | None]:
    """The first attempt, its window, and the checkpoint that it continues."""
    memory = recall(wiring, now) if options.since == LAST else None
    window = window_of(session, options, memory, now)
    return (
        attempt_run(session, wiring, window, options, memory, check_time=check_time),
        window,
        memory,
    )


def check_options(session: Session, options: ReconcileOptions) -> None:
    """Raises UsageError for an invalid window, grace or verification."""
    duration_option("--grace", options.grace)
    _check_verify(options)
    since = FIRST_SINCE if options.since == LAST else options.since
    parse_window(since, options.until, session.now())


def _check_verify(options: ReconcileOptions) -> None:
    if options.verify is None:
        return
    if options.verify not in set(Depth):
        raise UsageError(f"--verify {options.verify!r} is neither sample nor full.")
    if options.since != LAST or options.until is not None:
        raise UsageError("--verify checks what --since last remembers: give both, and no --until.")


def window_of(
    session: Session, options: ReconcileOptions, memory: Checkpoint | None, now: datetime
) -> Window:
    """The window to read in full. With `last` it begins where the checkpoint says."""
    if options.since != LAST:
        return parse_window(options.since, options.until, now)
    if memory is None:
        _warn_once(session, f"no complete run is recorded yet: this one begins {FIRST_SINCE} ago")
    return window_since_last(memory, options.until, now)


def attempt_run(
    session: Session,
    wiring: Wiring,
    window: Window,
    options: ReconcileOptions,
    memory: Checkpoint | None = None,
    *,
    check_time: Callable[[], None] = lambda: None,
) -> RunAttempt:
    """Read and judge the window as of now. With a checkpoint, read what that leaves to do up to the
    window's end (unless `until` is given), and say what has changed since.

    `check_time` is called between steps, and raises to break the run off.
    """
    grace = duration_option("--grace", options.grace)
    terms = wiring.terms(wiring.clock.now(), decided(session, wiring), grace)
    try:
        with _progress(session, wiring) as show_step:

            def tell(step: str) -> None:
                check_time()
                show_step(step)

            # With --until the memory only says where the window begins: all of it is read.
            if memory is not None and options.until is None:
                run = wiring.since_last.run(memory, window.until, terms, tell, options.check)
            else:
                run = wiring.reconciler.run(window, terms, tell)
    except ServiceError as error:
        data = incomplete_document(window, terms, _requests(wiring), error.message)
        return RunAttempt(failure(error, data))
    check_time()
    unknown = options.selection.nothing_about_citizen(run.result)
    for remark in (*run.remarks, *([unknown] if unknown else [])):
        _warn_once(session, remark)
    since_last = changes(memory, run.result) if memory else None
    reading = RunFacts(run.snapshot.window, terms, *_requests(wiring), since_last)
    return RunAttempt(_outcome(run, reading, options, wiring), run)


def _warn_once(session: Session, remark: str) -> None:
    """A repair reads twice, and so does a run whose clock was wrong: warn of the same thing
    once."""
    if remark not in session.warnings:
        session.warn(remark)


def _outcome(run: Run, reading: RunFacts, options: ReconcileOptions, wiring: Wiring) -> Outcome:
    return JudgedOutcome(
        document(run, reading, options.selection),
        lambda session: (
            write_csv(run.result, session.completed, options.selection, out=sys.stdout)
            if options.csv
            else show(session, run, reading, options.selection, options.repeat_options)
        ),
        _exit_code(run),
        run=run,
        reading=reading,
        wiring=wiring,
    )


def _exit_code(run: Run) -> ExitCode:
    is_wrong = run.verification is not None and run.verification.wrong
    return ExitCode.DISCREPANCIES if run.result.discrepancies or is_wrong else ExitCode.OK


def _requests(wiring: Wiring) -> tuple[int, int]:
    return wiring.stripe.requests_sent, wiring.airtable.requests_sent


@contextmanager
def _progress(session: Session, wiring: Wiring) -> Iterator[Callable[[str], None]]:
    """Moving bars on stderr while reading; nothing without a terminal or with --quiet."""
    if session.quiet or not sys.stderr.isatty():
        yield lambda _step: None
        return

    with ReadingProgress(session.console(stderr=True), wiring.stripe, wiring.airtable) as progress:
        yield progress.begin


class _Requests(ProgressColumn):
    """How many requests a service has been sent so far."""

    def render(self, task: Task) -> Text:
        transport: Transport = task.fields["transport"]
        return Text(f"{transport.requests_sent} requests")


class ReadingProgress:
    """A bar for each service, without an end: neither says how much there is to read."""

    def __init__(self, console: Console, stripe: Transport, airtable: Transport) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Requests(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._progress.add_task("Stripe", total=None, transport=stripe)
        self._progress.add_task("Airtable", total=None, transport=airtable)

    def __enter__(self) -> ReadingProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, step: str) -> None:
        """Say which step begins."""
        self._progress.console.print(Text(step, style="dim"))
