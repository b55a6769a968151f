"""Credits by hand that did not arrive: promised to a citizen, and no payment speaks for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from cascade_cli.domain.case import Terms
from cascade_cli.domain.evidence import describe
from cascade_cli.domain.items import Item
from cascade_cli.domain.kinds import Kind
from cascade_cli.domain.money import ZERO
from cascade_cli.domain.repair import Repair, explain
from cascade_cli.domain.standing import Moment, is_final, standing_of, telling
from cascade_cli.domain.stratagems import State, Stratagem
from cascade_cli.domain.times import format_moment

_KINDS = {
    State.STALLED: Kind.STALLED,
    State.FAILED: Kind.FAILED,
    State.DOUBTFUL: Kind.DOUBTFUL,
}


def overdue_by_hand(stratagems: Iterable[Stratagem], terms: Terms) -> Iterator[Item]:
    """A discrepancy for each credit by hand that is neither well nor just being made.

    A cancelled one is a person's decision, and nobody paid for it.
    """
    by_key: defaultdict[str, list[Stratagem]] = defaultdict(list)
    for stratagem in stratagems:
        by_key[stratagem.stratagem_id].append(stratagem)
    for found in by_key.values():
        # Airtable lists in any order: the report is the same for each.
        rows = sorted(found, key=lambda row: (row.created_at, row.record_id))
        if item := _overdue(rows, terms):
            yield item


def _overdue(rows: Sequence[Stratagem], terms: Terms) -> Item | None:
    """Of several rows under one key, made by accident, the one counts that tells most."""
    stratagem = telling(rows, terms.now)
    kind = _KINDS.get(stratagem.state(terms.now))
    if kind is None or stratagem.status == "cancelled" or not is_final(stratagem, terms.now):
        return None
    standing = standing_of(stratagem, Moment(terms.schedule, terms.now))
    evidence = (
        f"a credit by hand, made {format_moment(stratagem.created_at)}: {stratagem.reason}",
        describe(stratagem, terms),
        standing.meaning.rstrip("."),
    )
    return Item(
        kind=kind,
        severity=kind.severity,
        occurred_at=stratagem.created_at,
        charge=None,
        citizen=stratagem.citizen,
        ducats=stratagem.ducats,
        stratagems=tuple(rows),
        telling=stratagem,
        matched_by=None,
        verdict=evidence[-1],
        evidence=evidence,
        at_risk=stratagem.ducats or ZERO,
        advice=f"Safe to retry? {standing.retry}",
        repair=Repair(standing.command) if standing.command else explain(stratagem.record_id),
    )
