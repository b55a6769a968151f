"""Which transfer, made by a person or the legacy connector, may be the one that a payment lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.records.stratagems import MAY_BE_RUN, State, Stratagem
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.money import ZERO


def may_settle(row: Stratagem) -> bool:
    """A person may have made it for a payment that it does not name."""
    # The command that is printed for it names it by its StratagemId.
    return row.origin in {Origin.MANUAL, Origin.LEGACY, Origin.OTHER} and bool(row.stratagem_id)


def settling_rows(matched: MatchedCharge) -> tuple[Stratagem, ...]:
    """The rows that a person will most likely say are its own."""
    late = (row for row in matched.late if _fits(matched, row))
    return tuple(row for row in (*late, *matched.mentioned) if not unsuitable(matched, row))


def _fits(matched: MatchedCharge, row: Stratagem) -> bool:
    """It is not more than the payment lacks, and no older payment comes first."""
    most = matched.uncovered if matched.is_attributable else row.ducats or ZERO
    is_free = row.record_id not in matched.spoken_for
    return is_free and (row.ducats or ZERO) <= most + ROUNDING_DUCATS


def one_each(matched_charges: Iterable[MatchedCharge]) -> Iterator[MatchedCharge]:
    """If payments lack the same late rows, the older payment gets the first row."""
    taken: frozenset[str] = frozenset()
    for matched in sorted(
        matched_charges, key=lambda matched: (matched.charge.created_at, matched.charge.id)
    ):
        told = replace(matched, spoken_for=taken) if matched.late else matched
        if told.late and (rows := settling_rows(told)):
            taken |= {rows[0].record_id}
        yield told


def unsuitable(matched: MatchedCharge, row: Stratagem) -> str:
    """Why the row cannot be the transfer that the payment lacks; empty if it can."""
    if row.state(matched.terms.now) not in {State.EXECUTED, State.LIVE}:
        return f"it is {row.status}, so nothing has arrived through it"
    if row.record_id in {own.record_id for own in (*matched.stratagems, *matched.corrections)}:
        return "it is that payment's already"
    if not may_settle(row):
        return "it was made for another payment or decision"
    due = matched.as_decided.citizen
    if due and row.citizen != due and not matched.is_unknown:
        return f"it went to {row.citizen!r}, and {due!r} is to receive it"
    return "" if matched.uncovered or not matched.is_attributable else "nothing is lacking"


def mentioned_by(matched: MatchedCharge) -> Stratagem | None:
    """The newest credit by hand that mentions the payment, and that moved ducats, may have, or
    could still be made to."""
    now = matched.terms.now
    rows = [row for row in matched.mentioned if row.state(now) in MAY_BE_RUN]
    return rows[-1] if rows else None
