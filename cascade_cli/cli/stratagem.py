"""`cascade stratagem status` and `list`: from options to an outcome."""

from __future__ import annotations

from dataclasses import dataclass

from cascade_cli.adapters.transport import utc_now
from cascade_cli.bootstrap import Wiring
from cascade_cli.cli.connection import connected
from cascade_cli.cli.session import Outcome, Session
from cascade_cli.cli.stratagem_shown import list_outcome, status_outcome
from cascade_cli.cli.window import moment_option
from cascade_cli.domain.standing import Moment
from cascade_cli.errors import UsageError
from cascade_cli.services.stratagems import Filter, StratagemDesk


@dataclass(frozen=True)
class ListOptions:
    """The command's options as typed."""

    status: str | None = None
    citizen: str | None = None
    since: str = "7d"


def status(session: Session, identity: str) -> Outcome:
    """One transfer, or all that one payment has."""
    check_text("ID", identity)
    with connected(session) as wiring:
        found = desk(wiring).find(identity)
        return status_outcome(session, found, Moment(wiring.settings.engine, wiring.clock.now()))


def list_transfers(session: Session, options: ListOptions) -> Outcome:
    """Many transfers, newest first. Raises UsageError before anything is read."""
    since = moment_option("--since", options.since, utc_now())
    if options.citizen is not None:
        check_text("--citizen", options.citizen)
    wanted = Filter(since, options.status, options.citizen)
    wanted.check()
    with connected(session) as wiring:
        rows = desk(wiring).listed(wanted)
        if wanted.citizen and not rows and (nobody := desk(wiring).nobody(wanted.citizen)):
            session.warn(f"{nobody}.")
        return list_outcome(rows, wanted, Moment(wiring.settings.engine, wiring.clock.now()))


def desk(wiring: Wiring) -> StratagemDesk:
    """Over the services of this run."""
    return StratagemDesk(wiring.transfers(), wiring.payments, wiring.clock.now, wiring.past)


def check_text(what: str, text: str) -> None:
    """Raises UsageError for what no record can hold: nothing, or bytes that are no UTF-8."""
    if not text.strip():
        raise UsageError(f"{what} is empty.")
    if not text.isprintable() and any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
        raise UsageError(f"{what} {text[:40]!r} holds bytes that are no text in UTF-8.")
