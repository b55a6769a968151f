"""`cascade stratagem status` and `list`: from options to an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cascade_cli.cli.stratagem.text import list_outcome, status_outcome
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.windows import moment_option
from cascade_cli.domain.delivery.transfer_status import Moment
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.errors import UsageError
from cascade_cli.services.reconcile.transfer_snapshot import TransferSnapshots
from cascade_cli.services.reconcile.transfers import Filter, TransferService
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.reading import Wiring


def status(session: Session, identity: str) -> Outcome:
    """One transfer, or all transfers of one payment."""
    check_text("ID", identity)
    with connected(session) as wiring:
        at = service(wiring)
        found = at.find(identity)
        moment = Moment(wiring.settings.engine, wiring.clock.now())
        return status_outcome(session, found, moment, at.snapshot_of(found.rows))


def list_transfers(
    session: Session, status: str | None, citizen: str | None, since_text: str
) -> Outcome:
    """Many transfers, newest first. Raises UsageError before anything is read."""
    since = moment_option("--since", since_text, session.now())
    if citizen is not None:
        check_text("--citizen", citizen)
    wanted = Filter(since, status, citizen)
    wanted.check()
    with connected(session) as wiring:
        rows = service(wiring).listed(wanted)
        if wanted.citizen and not rows and (why := service(wiring).no_such_citizen(wanted.citizen)):
            session.warn(why.removesuffix("."))
        moment = Moment(wiring.settings.engine, wiring.clock.now())
        return list_outcome(rows, wanted, moment, service(wiring).snapshot_of(rows))


def service(wiring: Wiring) -> TransferService:
    """The transfer service for this run."""
    transfers = wiring.transfers()

    def beside(rows: Sequence[Stratagem]) -> Snapshot:
        snapshot = TransferSnapshots(wiring.payments, transfers).snapshot_of(rows)
        return replace(snapshot, lookups=wiring.reconciler.lookups(snapshot, wiring.terms()))

    return TransferService(transfers, wiring.payments, wiring.clock.now, wiring.past, beside)


def check_text(what: str, text: str) -> None:
    """Raises UsageError for a text that no record can hold: empty, or bytes that are not UTF-8."""
    if not text.strip():
        raise UsageError(f"{what} is empty.")
    # Python turns bytes of a command line that are not UTF-8 into lone surrogates.
    if not text.isprintable() and any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
        raise UsageError(f"{what} {text[:40]!r} contains bytes that are not text in UTF-8.")
