"""What people decided about single rows, and how the rows look to everybody since.

A ruling rests on the row as it was: when the row changes, it says nothing any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cascade_cli.domain.records.stratagems import Ruling, Stratagem
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.money import format_ducats


@dataclass(frozen=True, slots=True)
class RowRuling:
    """A person's word on one row: whether it moved its ducats, or which payment it `settles`.

    `seen` is how the row was. `instead_of` is the citizen whom the payment names and who does not
    exist, where the row's was the one meant.
    """

    record_id: str
    seen: str
    ruling: Ruling | None = None
    settles: str = ""
    instead_of: str = ""

    def applied_to(self, row: Stratagem) -> Stratagem:
        """The row as decided; as it is, where it is another or has changed since."""
        if row.record_id != self.record_id:
            return row
        if self.settles:
            if self.seen != _deal(row):
                return row
            ids = (self.settles, *(i for i in row.stripe_ids if i != self.settles))
            instead = self.instead_of or row.instead_of
            return replace(
                row, origin=Origin.CORRECTION, stripe_ids=ids, instead_of=instead, mentions=()
            )
        return replace(row, ruling=self.ruling) if self.seen == seen(row) else row

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "record": self.record_id,
            "seen": self.seen,
            "ruling": self.ruling.value if self.ruling else None,
            "settles": self.settles,
            "instead_of": self.instead_of,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> RowRuling | None:
        """From what the journal kept; None for one that was taken back."""
        ruling, settles = document["ruling"], document["settles"]
        if not (ruling or settles):
            return None
        ruled = Ruling(ruling) if ruling else None
        record, instead_of = document["record"], document["instead_of"]
        return cls(record, document["seen"], ruled, settles, instead_of)


Rulings = Mapping[str, RowRuling]
"""By record id."""


def no_rulings() -> Rulings:
    """Nobody has decided anything."""
    return {}


def on_move(row: Stratagem, ruling: Ruling) -> RowRuling:
    """A person found out whether the row moved its ducats."""
    return RowRuling(row.record_id, seen(row), ruling)


def settling(row: Stratagem, payment: str, instead_of: str = "") -> RowRuling:
    """A person says that the row is the payment's."""
    return RowRuling(row.record_id, _deal(row), settles=payment, instead_of=instead_of)


def withdrawn(record_id: str) -> RowRuling:
    """What was decided about the row counts no more."""
    return RowRuling(record_id, "")


def seen(row: Stratagem) -> str:
    """All that says whether its ducats moved. An expiry that passes is no change."""
    log = hashlib.sha256(row.engine_log.encode()).hexdigest()[:16]
    executed = row.executed_at.isoformat() if row.executed_at else ""
    return f"{_deal(row)} {row.status} {executed} {log}"


def _deal(row: Stratagem) -> str:
    """Who gives how much to whom."""
    ducats = format_ducats(row.ducats) if row.ducats is not None else "?"
    return f"{row.payer} > {row.citizen}: {ducats}"
