"""Credits by hand that did not arrive, or that may arrive twice. No payment would reveal them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cascade_cli.domain.delivery.transfer_status import (
    Moment,
    TransferStatus,
    is_final,
    main_row_of,
    reviving_command,
    rows_that_may_move,
    status_of,
)
from cascade_cli.domain.discrepancies.advice import advice_on_twins
from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.repair_command import Repair, may_end_surplus, reconcile_since
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, Failure, State, Stratagem
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS, staying
from cascade_cli.domain.shop.keys import (
    MANUAL_PREFIX,
    Origin,
    corrected_payment_in,
    mentioned_payments,
    taken_record_in,
    whole_id,
)
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.times import format_moment

if TYPE_CHECKING:
    # A short run does not need the journal.
    from cascade_cli.domain.records.journal_entries import Intent

_KINDS = {
    State.STALLED: Kind.STALLED,
    State.FAILED: Kind.FAILED,
    State.DOUBTFUL: Kind.DOUBTFUL,
}


def is_given_by(row: Stratagem, citizen: str, payments: Sequence[str], now: datetime) -> bool:
    """The transfer, by hand or by a decision, gave the citizen ducats for one of the payments, or
    may still."""
    if row.citizen != citizen or row.state(now) not in MAY_STILL_MOVE:
        return False
    named = {*row.mentions, *(row.stripe_ids if row.corrects else ())}
    return not named.isdisjoint(payments)


def is_beside(order: Order, intent: Intent) -> bool:
    """The intent is another transfer, by hand or by a decision, for the same payment.

    A second correction is not: its number shows that the first was seen executed.
    """
    if intent.key == order.key or intent.citizen != order.citizen:
        return False
    if corrected_payment_in(order.key) and corrected_payment_in(intent.key):
        return False
    theirs = _payments_meant(intent.key, str(intent.detail.get("reason", "")))
    ours = order.charge.names if order.charge else _payments_meant(order.key, order.reason)
    return not set(map(whole_id, ours)).isdisjoint(map(whole_id, theirs))


def _payments_meant(key: str, reason: str) -> Sequence[str]:
    """The payments for which a person gives something beside their own transfers."""
    if payment := corrected_payment_in(key):
        return (payment,)
    reference = key.removeprefix(MANUAL_PREFIX)
    return mentioned_payments(f"{reference} {reason}") if reference != key else ()


def overdue_by_hand(
    stratagems: Iterable[Stratagem], snapshot: Snapshot, terms: Terms
) -> Iterator[Item]:
    """A discrepancy for each credit by hand that is neither well nor just being made.

    Another transfer of the snapshot may since have given the same, or taken back what was too much.
    A cancelled one is a person's decision, and nobody paid for it.
    """
    by_key: defaultdict[str, list[Stratagem]] = defaultdict(list)
    for stratagem in stratagems:
        by_key[stratagem.stratagem_id].append(stratagem)
    for found in by_key.values():
        # Airtable lists in any order: the report is the same for each.
        rows = sorted(found, key=lambda row: (row.created_at, row.record_id))
        if item := _duplicate(rows, snapshot, terms) or _overdue(rows, snapshot, terms):
            yield item


def _taking(rows: Sequence[Stratagem], snapshot: Snapshot) -> tuple[Stratagem, ...]:
    """What people decided to take back of these rows."""
    records = {row.record_id for row in rows}
    back = (row for row in snapshot.stratagems if row.origin is Origin.TAKE_BACK)
    theirs = [row for row in back if taken_record_in(row.stratagem_id) in records]
    return tuple(sorted(theirs, key=lambda row: (row.created_at, row.record_id)))


def _duplicate(rows: Sequence[Stratagem], snapshot: Snapshot, terms: Terms) -> Item | None:
    """One promise, but more than one row whose ducats moved, may have, or will."""
    taking = _taking(rows, snapshot)
    moving = rows_that_may_move(rows, terms.now)
    if len(moving) < 2:  # noqa: PLR2004 - one is as it should be
        return None
    first, states = main_row_of(rows, terms.now), [row.state(terms.now) for row in moving]
    promised = max(row.ducats or ZERO for row in moving)
    total = sum((staying(row, taking, terms.now) for row in moving), ZERO)
    if total - promised <= ROUNDING_DUCATS and State.DOUBTFUL not in states:
        return None
    verdict = (
        f"{len(moving)} stratagems of one credit by hand are executed or may still be: together "
        f"{format_ducats(total)} ducats"
    )
    made = f"a credit by hand, made {format_moment(rows[0].created_at)}: {first.reason}"
    is_alike = len({(row.citizen, row.ducats, row.payer) for row in moving}) == 1
    is_safe = is_alike and may_end_surplus(states)
    since = rows[0].created_at
    return Item(
        kind=Kind.DUPLICATE,
        severity=Kind.DUPLICATE.severity,
        occurred_at=since,
        charge=None,
        citizen=first.citizen,
        ducats=first.ducats,
        stratagems=tuple(rows),
        main_row=first,
        matched_by=None,
        verdict=verdict,
        evidence=(
            made,
            *(describe(row, terms) for row in rows),
            *(f"taken back: {describe(row, terms)}" for row in taking),
            verdict,
        ),
        at_risk=max(ZERO, total - promised),
        corrections=taking,
        left_there=terms.takes_back_on_refund
        and snapshot.lookups.ducats.get(first.citizen, ZERO) > ZERO,
        advice=advice_on_twins(states),
        repair=reconcile_since(since) if is_safe else None,
    )


def _overdue(rows: Sequence[Stratagem], snapshot: Snapshot, terms: Terms) -> Item | None:
    """If several rows have one key by accident, the one that says most counts."""
    stratagem = main_row_of(rows, terms.now)
    kind = _KINDS.get(stratagem.state(terms.now))
    if kind is None or stratagem.status == "cancelled" or not is_final(stratagem, terms.now):
        return None
    transfer_status = manual_credit_status(stratagem, snapshot, Moment(terms.schedule, terms.now))
    evidence = (
        f"a credit by hand, made {format_moment(stratagem.created_at)}: {stratagem.reason}",
        describe(stratagem, terms),
        transfer_status.meaning.rstrip("."),
    )
    given = _given_since(stratagem, snapshot.stratagems, terms.now)
    return Item(
        kind=kind,
        severity=kind.severity,
        occurred_at=stratagem.created_at,
        charge=None,
        citizen=stratagem.citizen,
        ducats=stratagem.ducats,
        stratagems=tuple(rows),
        main_row=stratagem,
        matched_by=None,
        verdict=evidence[-1],
        evidence=evidence,
        # If another transfer has given it, nobody is waiting for it.
        at_risk=ZERO if given else stratagem.ducats or ZERO,
        advice=given or f"Safe to retry? {transfer_status.retry}",
        repair=Repair(transfer_status.command) if transfer_status.has_cure else None,
    )


def manual_credit_status(row: Stratagem, snapshot: Snapshot, moment: Moment) -> TransferStatus:
    """The status of a credit by hand, given what is known beside it.

    `cascade credit` refuses what would be given twice, and what the engine lacked may be there now.
    """
    transfer_status = status_of(row, moment)
    if row.origin is not Origin.MANUAL or transfer_status.state not in {
        State.STALLED,
        State.FAILED,
    }:
        return transfer_status
    if given := _given_since(row, snapshot.stratagems, moment.now):
        return replace(transfer_status, retry=f"No: {given}", command="", is_safe_to_retry=False)
    if _is_there_now(row, snapshot.lookups):
        return replace(
            transfer_status,
            retry="Yes: what it lacked is there now.",
            command=reviving_command(row),
        )
    return transfer_status


def _is_there_now(row: Stratagem, lookups: Lookups) -> bool:
    has = lookups.processor_ducats
    if row.failure is Failure.RECEIVER_MISSING:
        return row.status == "failed" and lookups.citizens.get(row.citizen, False)
    if row.failure is Failure.SENDER_MISSING:
        return has is not None
    return row.failure is Failure.NO_FUNDS and has is not None and has >= (row.ducats or ZERO)


def _given_since(row: Stratagem, beside: Sequence[Stratagem], now: datetime) -> str:
    """A sentence that another transfer has given what this one was to give; empty if none has."""
    for other in beside if row.mentions else ():
        is_another = other.stratagem_id != row.stratagem_id
        if is_another and is_given_by(other, row.citizen, row.mentions, now):
            return f"{other.stratagem_id} credited {row.citizen!r} for {row.mentions[0]} instead."
    return ""
