"""What people decided about single rows, and how those rows look to everybody since.

A ruling rests on the row as it was then. When the row changes, the ruling no longer applies.
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

    `seen` describes the row at that moment. `instead_of` is the citizen whom the payment names and
    who does not exist, if the row's citizen was meant.
    """

    record_id: str
    seen: str
    ruling: Ruling | None = None
    settles: str = ""
    instead_of: str = ""

    def applied_to(self, row: Stratagem) -> Stratagem:
        """The row as decided; unchanged if it is another row or has changed since."""
        if row.record_id != self.record_id:
            return row
        if self.settles:
            # The engine's work on the row does not change whose payment it is.
            if self.seen != _parties_and_amount(row):
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
        """From what the journal kept; None for a ruling that was withdrawn."""
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
    """The ruling of a person who found out whether the row moved its ducats."""
    return RowRuling(row.record_id, seen(row), ruling)


def settling(row: Stratagem, payment: str, instead_of: str = "") -> RowRuling:
    """The ruling of a person who says that the row belongs to the payment."""
    return RowRuling(
        row.record_id, _parties_and_amount(row), settles=payment, instead_of=instead_of
    )


def withdrawn(record_id: str) -> RowRuling:
    """The ruling that cancels what was decided about the row."""
    return RowRuling(record_id, "")


def seen(row: Stratagem) -> str:
    """Everything in the row that bears on whether its ducats moved. A passing expiry is no
    change."""
    log = hashlib.sha256(row.engine_log.encode()).hexdigest()[:16]
    executed = row.executed_at.isoformat() if row.executed_at else ""
    return f"{_parties_and_amount(row)} {row.status} {executed} {log}"


def _parties_and_amount(row: Stratagem) -> str:
    """Who gives how much to whom."""
    ducats = format_ducats(row.ducats) if row.ducats is not None else "?"
    return f"{row.payer} > {row.citizen}: {ducats}"
