"""What people did beside a payment's own transfers: took ducats back, or credited by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cascade_cli.domain.matching.matching import Matches
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import Origin, taken_record_in


class Beside:
    """Both by the charge's id, oldest first. A credit by hand may speak of several payments."""

    def __init__(
        self, charges: Iterable[Charge], stratagems: Iterable[Stratagem], matches: Matches
    ) -> None:
        self.takebacks: dict[str, tuple[Stratagem, ...]] = {}
        self.mentioned: dict[str, tuple[Stratagem, ...]] = {}
        rows = [row for row in stratagems if row.origin is Origin.TAKE_BACK or row.mentions]
        if not rows:
            return
        owners = dict(_owners(matches))
        names: dict[str, list[Charge]] = {}
        for charge in charges:
            for name in set(charge.names):
                names.setdefault(name, []).append(charge)
        for row in sorted(rows, key=lambda row: (row.created_at, row.record_id)):
            if row.origin is Origin.TAKE_BACK:
                if owner := owners.get(taken_record_in(row.stratagem_id) or ""):
                    _add(self.takebacks, owner, row)
                continue
            meant = (c for name in row.mentions for c in names.get(name, ()) if _is_for(c, row))
            for owner in dict.fromkeys(charge.id for charge in meant):
                _add(self.mentioned, owner, row)


def _owners(matches: Matches) -> Iterator[tuple[str, str]]:
    """The charge of each record."""
    for charge, found in matches.by_charge.items():
        yield from ((one.stratagem.record_id, charge) for one in found)
    for charge, rows in matches.corrections.items():
        yield from ((row.record_id, charge) for row in rows)


def _is_for(charge: Charge, row: Stratagem) -> bool:
    """A payment for many, spoken of as a whole, means the credited citizen's portion."""
    return not charge.portion or charge.payment_id in row.mentions or charge.citizen == row.citizen


def _add(found: dict[str, tuple[Stratagem, ...]], owner: str, row: Stratagem) -> None:
    found[owner] = (*found.get(owner, ()), row)
