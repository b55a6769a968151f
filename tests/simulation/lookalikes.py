"""Rows that are a payment's own, or not, by their likeness alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.simulation.likeness import Alike, Likeness
from tests.simulation.stage import Stage
from tests.simulation.venice import OTHER_PROCESSOR

_LATE = timedelta(hours=100)
_LIFETIME = timedelta(hours=72)
_CENTS_PER_DUCAT = 10


@dataclass
class Lookalikes:
    """Makes them, and remembers for the judge whose row is whose."""

    stage: Stage
    paid: Callable[[Alike, dict[str, Any]], None]
    """Told of each charge."""
    late: dict[str, str] = field(default_factory=dict)
    """By charge, the legacy row that was made for it."""
    twins: set[str] = field(default_factory=set)
    """StratagemIds under which nobody needs to be paid: the legacy row has paid."""

    def happen(self, alike: Alike) -> None:
        """Now."""
        {
            Likeness.LATE: self._late,
            Likeness.OTHER: self._other,
            Likeness.TWINS: self._twins,
        }[alike.likeness](alike)

    def _late(self, alike: Alike) -> None:
        charge = self._pay(alike, _LATE)
        self.late[charge["id"]] = self._legacy_row(alike)
        self.paid(alike, charge)

    def _other(self, alike: Alike) -> None:
        charge = self._pay(alike)
        key = f"cascade_payment_{charge['payment_intent']}"
        if not self.stage.city.others:
            self.stage.city.move_in(OTHER_PROCESSOR, 1_000_000)
        self.stage.city.others.add(key)
        notes = f'{{"amount": {float(alike.ducats)}, "source": "cascade"}}'
        self._row(alike, key, OTHER_PROCESSOR, notes)
        self.stage.tell(f"an older set-up makes {key}")
        self.paid(alike, charge)

    def _twins(self, alike: Alike) -> None:
        kept, back = self._pay(alike, timedelta(seconds=60)), self._pay(alike)
        self._legacy_row(alike)
        self.stage.app.stripe.books.refund(back["id"], at=self.stage.scheduler.now())
        for charge in (kept, back):
            self.twins.add(f"cascade_payment_{charge['payment_intent']}")
            self.paid(alike, charge)

    def _pay(self, alike: Alike, ago: timedelta = timedelta(0)) -> dict[str, Any]:
        return self.stage.app.stripe.books.pay(
            amount=int(float(alike.ducats) * _CENTS_PER_DUCAT),
            currency="usd",
            at=self.stage.scheduler.now() - ago,
            metadata={
                "citizen_id": alike.citizen,
                "ducat_amount": alike.ducats,
                "exchange_rate": "0.1",
                "platform": "cascade",
                "type": "ducat_purchase",
            },
        )

    def _legacy_row(self, alike: Alike) -> str:
        name = f"cascade_payment_{alike.citizen}_{int(self.stage.scheduler.now().timestamp())}"
        notes = f'{{"source": "cascade_payment_processor", "amount": {float(alike.ducats)}}}'
        self._row(alike, name, PROCESSOR, notes)
        self.stage.tell(f"the legacy connector makes {name}")
        return name

    def _row(self, alike: Alike, name: str, payer: str, notes: str) -> None:
        row = {
            "StratagemId": name,
            "Type": "transfer_ducats",
            "ExecutedBy": payer,
            "TargetCitizen": alike.citizen,
            "Status": "active",
            "ExpiresAt": (self.stage.scheduler.now() + _LIFETIME).isoformat(),
            "Notes": notes,
        }
        self.stage.app.airtable.tables.create("STRATAGEMS", row)
