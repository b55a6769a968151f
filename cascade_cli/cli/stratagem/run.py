"""`cascade stratagem status`, `list` and `watch`: from options to an outcome.

`watch` reads a transfer again and again, politely, until there is nothing to wait for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rich.text import Text

from cascade_cli.cli.stratagem.text import list_outcome, missing_text, status_outcome
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.option_values import duration_option, moment_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.signals import Arrivals, arrivals
from cascade_cli.domain.delivery.transfer_status import Moment, is_final, main_row_of, status_of
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.engine_schedule import DailyRuns
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_span
from cascade_cli.errors import ExitCode, ServiceError, ThrottledError, UnreachableError, UsageError
from cascade_cli.services.reconcile.snapshots import TransferSnapshots
from cascade_cli.services.reconcile.transfers import Found, TransferFilter, TransferService
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.reading import Wiring

POLL_SECONDS = 15.0
SANDBOX_POLL_SECONDS = 0.2
# With a run hours away, calls would be wasted: Airtable counts them by the month.
LONGEST_POLL = timedelta(minutes=5)
AFTER_RUN = timedelta(minutes=15)


def status(session: Session, identity: str) -> Outcome:
    """One transfer, or all transfers of one payment."""
    check_text("ID", identity)
    with connected(session) as wiring:
        transfers = service(wiring)
        found = transfers.find(identity)
        moment = Moment(wiring.settings.engine, wiring.clock.now())
        return status_outcome(session, found, moment, transfers.snapshot_of(found.rows))


def list_transfers(
    session: Session, status: str | None, citizen: str | None, since_text: str
) -> Outcome:
    """Many transfers, newest first. Raises UsageError before anything is read."""
    since = moment_option("--since", since_text, session.now())
    if citizen is not None:
        check_text("--citizen", citizen)
    wanted = TransferFilter(since, status, citizen)
    wanted.check_status()
    with connected(session) as wiring:
        transfers = service(wiring)
        rows = transfers.listed(wanted)
        if wanted.citizen and not rows and (why := transfers.unknown_citizen(wanted.citizen)):
            session.warn(why.removesuffix("."))
        moment = Moment(wiring.settings.engine, wiring.clock.now())
        return list_outcome(rows, wanted, moment, transfers.snapshot_of(rows))


def service(wiring: Wiring) -> TransferService:
    """The transfer service for this run."""
    transfers = wiring.transfers

    def snapshot_of(rows: Sequence[Stratagem]) -> Snapshot:
        snapshot = TransferSnapshots(wiring.payments, transfers).snapshot_of(rows)
        return replace(snapshot, lookups=wiring.reconciler.lookups(snapshot, wiring.terms()))

    return TransferService(
        transfers,
        wiring.citizens,
        wiring.payments,
        wiring.clock.now,
        wiring.past,
        snapshot_of=snapshot_of,
    )


def check_text(what: str, text: str) -> None:
    """Raises UsageError for a text that no record can hold: empty, or bytes that are not UTF-8."""
    if not text.strip():
        raise UsageError(f"{what} is empty.")
    # Python turns bytes of a command line that are not UTF-8 into lone surrogates.
    if not text.isprintable() and any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
        raise UsageError(f"{what} {text[:40]!r} contains bytes that are not text in UTF-8.")


@dataclass
class _TransferWatch:
    """One wait: what reads the transfer, how often, and who is told."""

    service: TransferService
    wiring: Wiring
    signals: Arrivals
    poll_seconds: float
    tell: Callable[[str], None]

    def now(self) -> datetime:
        return self.wiring.clock.now()

    @property
    def moment(self) -> Moment:
        return Moment(self.wiring.settings.engine, self.now())

    def until(self, timeout: timedelta | None) -> datetime:
        moment = self.moment
        return moment.now + timeout if timeout is not None else moment.next_run + AFTER_RUN

    def wait(self, found: Found, until: datetime) -> Found:
        """Read again until the transfer is final, or the time is up."""
        while not is_over(found, self.now()) and self.now() < until:
            self.tell(_line(found, self.moment, until))
            left = until - self.now()
            self.signals.sleep(min(pause(self.moment, self.poll_seconds), left).total_seconds())
            found = self._look(found)
        return found

    def _look(self, found: Found) -> Found:
        try:
            return self.service.reread(found)
        except (UnreachableError, ThrottledError) as error:
            # A wait of hours should survive a network that is away for minutes.
            self.tell(f"{error.message}; trying again")
            return found


def watch(session: Session, identity: str, timeout_text: str | None) -> Outcome:
    """Exit 0 executed, 3 failed, expired or doubtful, 5 timed out."""
    check_text("ID", identity)
    timeout = duration_option("--timeout", timeout_text)
    with connected(session) as wiring, _display(session) as tell, arrivals() as signals:
        poll = SANDBOX_POLL_SECONDS if session.sandbox else POLL_SECONDS
        watching = _TransferWatch(service(wiring), wiring, signals, poll, tell)
        first = watching.service.find(identity)
        found = watching.wait(first, watching.until(timeout))
        snapshot = watching.service.snapshot_of(found.rows)
    outcome = status_outcome(session, found, watching.moment, snapshot)
    return outcome if is_over(found, watching.now()) else _timed_out(outcome, found, watching)


def is_over(found: Found, now: datetime) -> bool:
    """Nothing is left to wait for. Of several transfers of a citizen, the most telling one decides.
    In a split payment, every citizen must have one, and each must be final."""
    return not found.missing and is_final(_awaited(found, now), now)


def _awaited(found: Found, now: datetime) -> Stratagem:
    """The transfer that is still awaited, or the last one that was."""
    rows = [main_row_of(rows, now) for rows in found.by_portion]
    return next((row for row in rows if not is_final(row, now)), rows[-1])


def pause(moment: Moment, poll_seconds: float) -> timedelta:
    """How long to wait before reading again: a tenth of the way to a scheduled run, within
    bounds."""
    shortest = timedelta(seconds=poll_seconds)
    if not isinstance(moment.schedule, DailyRuns) or poll_seconds < POLL_SECONDS:
        return shortest
    return min(max((moment.next_run - moment.now) / 10, shortest), LONGEST_POLL)


def _timed_out(outcome: Outcome, found: Found, watching: _TransferWatch) -> Outcome:
    error = ServiceError(
        f"{_still(found, watching.now())}: the wait timed out.",
        f"Nothing is lost. To keep waiting: {command('stratagem', 'watch', '--', found.identity)}; "
        f"to see whether the engine runs at all: {command('citizen', 'show')}",
    )
    return replace(outcome, exit_code=ExitCode.INCOMPLETE, error=error)


def _still(found: Found, now: datetime) -> str:
    row = _awaited(found, now)
    if found.missing and is_final(row, now):
        return missing_text(found)
    waiting = "live" if row.state(now) is State.LIVE else "planned"
    return f"{found.identity} is still {waiting}"


def _line(found: Found, moment: Moment, until: datetime) -> str:
    row = _awaited(found, moment.now)
    left = format_span(until - moment.now)
    if found.missing and is_final(row, moment.now):
        return f"{missing_text(found)}. Waiting for up to {left}."
    status = status_of(row, moment)
    return f"{found.identity}: {status.state}. {status.meaning} Waiting for up to {left}."


@contextmanager
def _display(session: Session) -> Iterator[Callable[[str], None]]:
    """A line that moves on a terminal; elsewhere one line for each change; nothing with --quiet."""
    if session.quiet or not sys.stderr.isatty():
        yield _each_once(session)
        return
    from rich.status import Status  # noqa: PLC0415 - only on a terminal

    with Status("", console=session.console(stderr=True)) as status:
        yield lambda text: status.update(Text(escape(session.redacted(text))))


def _each_once(session: Session) -> Callable[[str], None]:
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        # The time that is left changes with every reading, and is no news.
        news = text.partition(" Waiting for")[0]
        if news.partition(", in ")[0] != last.partition(", in ")[0]:
            session.say(text)
        last = news

    return tell
