"""Which transfer of a person's, or of the legacy connector, can be the one that a payment lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cascade_cli.domain.matching.matched_charge import Case
from cascade_cli.domain.records.stratagems import MAY_BE_RUN, State, Stratagem
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.money import ZERO


def may_settle(row: Stratagem) -> bool:
    """A person can have made it for a payment that it does not name."""
    return row.origin in {Origin.MANUAL, Origin.OLDER, Origin.OTHER} and bool(row.stratagem_id)


def settling_rows(case: Case) -> tuple[Stratagem, ...]:
    """Those that a person will most likely say are its own."""
    late = (row for row in case.late if _fits(case, row))
    return tuple(row for row in (*late, *case.mentioned) if not unsuitable(case, row))


def _fits(case: Case, row: Stratagem) -> bool:
    """It is not more than is lacking, and no older payment comes before."""
    most = case.uncovered if case.is_attributable else row.ducats or ZERO
    is_free = row.record_id not in case.spoken_for
    return is_free and (row.ducats or ZERO) <= most + ROUNDING_DUCATS


def one_each(cases: Iterable[Case]) -> Iterator[Case]:
    """Of payments that lack the same late rows, the older one has the first."""
    taken: frozenset[str] = frozenset()
    for case in sorted(cases, key=lambda case: (case.charge.created_at, case.charge.id)):
        told = replace(case, spoken_for=taken) if case.late else case
        if told.late and (rows := settling_rows(told)):
            taken |= {rows[0].record_id}
        yield told


def unsuitable(case: Case, row: Stratagem) -> str:
    """Why the row cannot be the transfer that the case lacks; empty where it can."""
    if row.state(case.terms.now) not in {State.EXECUTED, State.LIVE}:
        return f"it is {row.status}, so that nothing has arrived by it"
    if row.record_id in {own.record_id for own in (*case.stratagems, *case.corrections)}:
        return "it is that payment's already"
    if not may_settle(row):
        return "it was made for another payment or decision"
    due = case.buyer.citizen
    if due and row.citizen != due and not case.is_unknown:
        return f"it went to {row.citizen!r}, and {due!r} is to receive it"
    return "" if case.uncovered or not case.is_attributable else "nothing is lacking"


def mentioned_by(case: Case) -> Stratagem | None:
    """The newest credit by hand that speaks of it, and may have moved or could still be made to."""
    now = case.terms.now
    rows = [row for row in case.mentioned if row.state(now) in MAY_BE_RUN]
    return rows[-1] if rows else None
