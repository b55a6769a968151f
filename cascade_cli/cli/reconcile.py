"""`cascade reconcile`: from options to an outcome."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cascade_cli.bootstrap import Wiring
from cascade_cli.cli.connection import connected
from cascade_cli.cli.reconciliation_csv import write_csv
from cascade_cli.cli.reconciliation_json import Reading, document, incomplete_document
from cascade_cli.cli.reconciliation_tables import show
from cascade_cli.cli.session import Outcome, Session, failure
from cascade_cli.domain.case import Terms
from cascade_cli.domain.pricing import PriceList
from cascade_cli.domain.times import Window, format_moment, parse_duration, parse_moment
from cascade_cli.errors import ExitCode, ServiceError, UsageError
from cascade_cli.services.reconcile import Run


@dataclass(frozen=True)
class ReconcileOptions:
    """The command's options as typed; `until` and `grace` None mean now and the setting's."""

    since: str = "7d"
    until: str | None = None
    grace: str | None = None
    everything: bool = False
    csv: bool = False


@dataclass(frozen=True)
class Attempt:
    """One run: its outcome, and the run itself unless it could not read everything."""

    outcome: Outcome
    run: Run | None = None


def reconcile(session: Session, options: ReconcileOptions) -> Outcome:
    """Run the reconciliation. Raises UsageError before anything is read."""
    window = parse_window(options)
    with connected(session) as wiring:
        return once(session, wiring, window, options).outcome


def once(session: Session, wiring: Wiring, window: Window, options: ReconcileOptions) -> Attempt:
    """Read and judge the window as of now."""
    terms = Terms(
        datetime.now(UTC),
        _grace(options) or wiring.settings.grace,
        wiring.settings.engine,
        PriceList(),
    )
    try:
        with _progress(session, wiring) as tell:
            run = wiring.reconciler.run(window, terms, tell)
    except ServiceError as error:
        data = incomplete_document(window, terms, _requests(wiring), error.message)
        return Attempt(failure(error, data))
    reading = Reading(window, terms, *_requests(wiring))
    return Attempt(_outcome(run, reading, options), run)


def _outcome(run: Run, reading: Reading, options: ReconcileOptions) -> Outcome:
    return Outcome(
        document(run, reading, everything=options.everything),
        lambda session: (
            write_csv(run.result, everything=options.everything, out=sys.stdout)
            if options.csv
            else show(session.console(), run, reading, everything=options.everything)
        ),
        ExitCode.DISCREPANCIES if run.result.discrepancies else ExitCode.OK,
    )


def parse_window(options: ReconcileOptions) -> Window:
    """The window that the options name. Raises UsageError with the accepted forms."""
    now = datetime.now(UTC)
    _grace(options)
    since = _moment("--since", options.since, now)
    until = _moment("--until", options.until, now) if options.until else now
    if since > now:
        raise UsageError(
            f"--since {options.since} is in the future ({format_moment(since)}).",
            "Nothing has been paid then yet; name an earlier time.",
        )
    if since >= until:
        raise UsageError(
            f"The window ends ({format_moment(until)}) before it begins ({format_moment(since)}).",
            "Name a --since that is earlier than --until.",
        )
    return Window(since, min(until, now))


def _moment(option: str, text: str, now: datetime) -> datetime:
    try:
        return parse_moment(text, now)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None


def _grace(options: ReconcileOptions) -> timedelta | None:
    try:
        return parse_duration(options.grace) if options.grace is not None else None
    except ValueError as error:
        raise UsageError(f"--grace: {error}.") from None


def _requests(wiring: Wiring) -> tuple[int, int]:
    return wiring.stripe.requests_sent, wiring.airtable.requests_sent


@contextmanager
def _progress(session: Session, wiring: Wiring) -> Iterator[Callable[[str], None]]:
    """Moving bars on stderr while reading; nothing without a terminal or with --quiet."""
    if session.quiet or not sys.stderr.isatty():
        yield lambda _step: None
        return
    from cascade_cli.cli.progress import ReadingProgress  # noqa: PLC0415 - seldom wanted

    with ReadingProgress(session.console(stderr=True), wiring.stripe, wiring.airtable) as progress:
        yield progress.begin
