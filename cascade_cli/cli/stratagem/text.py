"""Transfers as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.terminal.console import completed, to_type
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.runway import Sum
from cascade_cli.domain.delivery.transfer_status import (
    Moment,
    TransferStatus,
    main_row_of,
    rows_that_may_move,
    status_of,
)
from cascade_cli.domain.matching.matching import Rule
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.manual_credits import manual_credit_status
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.money import format_optional, rounded
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment, format_span, rfc3339
from cascade_cli.errors import ExitCode
from cascade_cli.services.reconcile.transfers import Found, TransferFilter

# How many citizens without a transfer are named.
SHOWN = 3
STYLES = {
    State.EXECUTED: "green",
    State.LIVE: "cyan",
    State.STALLED: "yellow",
    State.FAILED: "yellow",
    State.DOUBTFUL: "bold red",
}
_STATE_WIDTH = max(map(len, State))
_TIES = {
    Rule.NEAREST: "by citizen, amount and time: the older connector noted no payment",
    Rule.SURPLUS: "as a surplus of the same citizen and amount: the older connector paid twice",
}


def status_outcome(session: Session, found: Found, moment: Moment, snapshot: Snapshot) -> Outcome:
    """Exit code 0 if the one transfer that counts is executed or under way, else 3. In a split
    payment, this must hold for every citizen."""
    for rows in found.by_portion:
        moving = rows_that_may_move(rows, moment.now)
        if len(moving) > 1:
            session.warn(
                f"{found.identity} has {len(moving)} transfers that moved ducats, or still may."
            )
    if found.rule in _TIES:
        session.warn(f"It was found {_TIES[found.rule]}; it may belong to another payment.")
    if found.missing:
        session.warn(f"{missing_text(found)}. See: {command('explain', '--', found.identity)}")
    is_well = all(_is_well(rows, moment) for rows in found.by_portion) and not found.missing
    data = {
        "id": found.identity,
        "found_by": found.rule.value if found.rule else "id",
        "next_run_at": rfc3339(moment.next_run),
        "stratagems": [document(row, moment, snapshot) for row in found.rows],
        "missing": [_missing(charge) for charge in found.missing],
    }
    return Outcome(
        data,
        lambda session: _show_all(session.console(), found, moment, snapshot),
        ExitCode.OK if is_well else ExitCode.DISCREPANCIES,
    )


def missing_text(found: Found) -> str:
    """Which citizens of a split payment have no transfer; only a few are named."""
    missing = [charge.citizen or "?" for charge in found.missing]
    more = f" (and {len(missing) - SHOWN} more)" if missing[SHOWN:] else ""
    counted = f"{len(missing)} of {len(found.portions)} citizens of {found.identity}"
    return f"Venice has no transfer for {counted}: {', '.join(missing[:SHOWN])}{more}"


def _missing(charge: Charge) -> dict[str, Any]:
    ducats = format_optional(charge.ducats)
    return {"id": charge.payment_id, "citizen": charge.citizen, "ducats": ducats}


def _is_well(rows: Sequence[Stratagem], moment: Moment) -> bool:
    main = status_of(main_row_of(rows, moment.now), moment)
    return main.is_well and len(rows_that_may_move(rows, moment.now)) == 1


def list_outcome(
    rows: Sequence[Stratagem], wanted: TransferFilter, moment: Moment, snapshot: Snapshot
) -> Outcome:
    """Exit 0, whatever there is to list."""
    data = {
        "since": rfc3339(wanted.since),
        "status": wanted.status,
        "citizen": wanted.citizen,
        "next_run_at": rfc3339(moment.next_run),
        "count": len(rows),
        "stratagems": [document(row, moment, snapshot) for row in rows],
    }
    return Outcome(data, lambda session: _show_list(session.console(), rows, wanted, moment))


def document(row: Stratagem, moment: Moment, snapshot: Snapshot) -> dict[str, Any]:
    """One transfer with what it means."""
    transfer_status = manual_credit_status(row, snapshot, moment)
    return {
        "stratagem_id": row.stratagem_id,
        "record_id": row.record_id,
        "citizen": row.citizen,
        "ducats": format_optional(row.ducats),
        "reason": row.reason,
        "payments": list(row.stripe_ids),
        "status": row.status,
        "state": transfer_status.state.value,
        "meaning": transfer_status.meaning,
        "ducats_moved": transfer_status.moved.value,
        "safe_to_retry": transfer_status.is_safe_to_retry,
        "retry": transfer_status.retry,
        "command": transfer_status.command or None,
        "created_at": rfc3339(row.created_at),
        "expires_at": rfc3339(row.expires_at) if row.expires_at else None,
        "executed_at": rfc3339(row.executed_at) if row.executed_at else None,
        "failure": row.failure.value if row.failure else None,
        "failure_text": row.failure_text or None,
    }


def _show_all(console: Console, found: Found, moment: Moment, snapshot: Snapshot) -> None:
    for row in found.rows:
        _show_one(console, row, manual_credit_status(row, snapshot, moment), moment)
    console.print(Text(f"The engine's next run: {moment.schedule.describe(moment.now)}."))


def _show_one(
    console: Console, row: Stratagem, transfer_status: TransferStatus, moment: Moment
) -> None:
    console.print(Text(escape(row.name), "bold"), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=14)
    table.add_column(overflow="fold")
    table.add_row("Venice says", Text(escape(row.status or "(no status)")))
    table.add_row("state", Text(transfer_status.state, STYLES[transfer_status.state]))
    table.add_row("ducats", Text(_ducats(row)))
    table.add_row("to", Text(escape(row.citizen) or "(nobody)"))
    table.add_row("for", Text(escape(row.reason) or "(no reason given)"))
    table.add_row("made", Text(_ago(row, moment)))
    table.add_row("expires", Text(format_moment(row.expires_at) if row.expires_at else "(never)"))
    table.add_row("record", Text(row.record_id))
    table.add_row("ducats moved?", Text(transfer_status.moved))
    table.add_row("safe to retry?", Text(transfer_status.retry))
    console.print(table)
    console.print(Padding(Text(escape(completed(console, transfer_status.meaning))), (0, 0, 0, 2)))
    if transfer_status.command:
        console.print(to_type(console, transfer_status.command), soft_wrap=True)


def _show_list(
    console: Console, rows: Sequence[Stratagem], wanted: TransferFilter, moment: Moment
) -> None:
    if rows:
        _show_rows(console, rows, moment)
    total = rounded(Sum.of(rows).ducats)
    found = format_count(len(rows), f"{wanted.status} transfer" if wanted.status else "transfer")
    console.print(Text(f"{found} since {format_moment(wanted.since)}, {total} ducats."))


def _show_rows(console: Console, rows: Sequence[Stratagem], moment: Moment) -> None:
    """Two lines for each. In a pipe they are never folded, so that grep finds them whole."""
    cells = [(escape(row.status) or "(none)", _ducats(row)) for row in rows]
    words = max(len("status"), *(len(status) for status, _ in cells))
    digits = max(len("ducats"), *(len(ducats) for _, ducats in cells))

    def say(line: Text) -> None:
        console.print(line, soft_wrap=not console.is_terminal)

    state, status, ducats = f"{'state':<{_STATE_WIDTH}}", f"{'status':<{words}}", "ducats"
    say(Text(f"{'made (UTC)':<16}  {state}  {status}  {ducats:>{digits}}  citizen", "bold"))
    for row, (status, ducats) in zip(rows, cells, strict=True):
        line = Text(f"{row.created_at:%Y-%m-%d %H:%M}  ")
        line.append(f"{(now := row.state(moment.now)):<{_STATE_WIDTH}}", STYLES[now])
        line.append(f"  {status:<{words}}  {ducats:>{digits}}  {escape(row.citizen)}")
        say(line)
        say(Text(f"  {escape(row.name)}"))


def _ducats(row: Stratagem) -> str:
    return rounded(row.ducats) if row.ducats is not None else "?"


def _ago(row: Stratagem, moment: Moment) -> str:
    return f"{format_moment(row.created_at)}, {format_span(moment.now - row.created_at)} ago"
