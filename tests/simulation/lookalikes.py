"""Rows that are a payment's own, or not, by their likeness alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.delivery.delivery_steps import Action
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.simulation.likeness import Alike, Likeness
from tests.simulation.stage import Stage
from tests.simulation.venice import OTHER_PROCESSOR

_LATE = timedelta(hours=100)
_BEFORE = timedelta(hours=2)
_LIFETIME = timedelta(hours=72)
_CENTS_PER_DUCAT = 10
NEWCOMER = "Fosca"


@dataclass
class Lookalikes:
    """Makes them, and remembers for the judge whose row is whose."""

    stage: Stage
    paid: Callable[[Alike, dict[str, Any]], None]
    """Told of each charge."""
    late: dict[str, str] = field(default_factory=dict)
    """By charge, the legacy row that was made for it."""
    for_people: dict[str, str] = field(default_factory=dict)
    """StratagemIds that no machine lets go, and why."""
    twins: set[str] = field(default_factory=set)
    """StratagemIds under which nobody needs to be paid: the legacy row has paid."""

    def happen(self, alike: Alike) -> None:
        """Now."""
        {
            Likeness.LATE: self._late,
            Likeness.OTHER: self._other,
            Likeness.TWINS: self._twins,
            Likeness.ANEW: self._anew,
            Likeness.VANISHED: self._vanished,
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
        self.stage.app.stripe.account.refund(back["id"], at=self.stage.scheduler.now())
        for charge in (kept, back):
            self.twins.add(f"cascade_payment_{charge['payment_intent']}")
            self.paid(alike, charge)

    def _anew(self, alike: Alike) -> None:
        alike = replace(alike, citizen=NEWCOMER)
        self._left_to_people(alike, "expired", "the citizen may be another person")
        self.stage.city.move_in(NEWCOMER, 0)

    def _vanished(self, alike: Alike) -> None:
        self._left_to_people(alike, "planned", "its own row has vanished", Action.ACTIVATE)

    def _left_to_people(
        self, alike: Alike, status: str, why: str, wrote: Action | None = None
    ) -> None:
        """A payment of two hours ago, with a dead row that cascade made then."""
        charge = self._pay(alike, _BEFORE)
        key = f"cascade_payment_{charge['payment_intent']}"
        self.for_people[key] = why
        self.stage.promised_before(key, alike.citizen, Decimal(alike.ducats), wrote)
        notes = f'{{"amount": {float(alike.ducats)}, "source": "cascade"}}'
        self._row(alike, key, PROCESSOR, notes, status=status, ago=_BEFORE)
        self.stage.tell(f"{key} is {status}: {why}")
        self.paid(alike, charge)

    def _pay(self, alike: Alike, ago: timedelta = timedelta(0)) -> dict[str, Any]:
        return self.stage.app.stripe.account.pay(
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

    def _row(
        self,
        alike: Alike,
        name: str,
        payer: str,
        notes: str,
        *,
        status: str = "active",
        ago: timedelta = timedelta(0),
    ) -> None:
        made = self.stage.scheduler.now() - ago
        row = {
            "StratagemId": name,
            "Type": "transfer_ducats",
            "ExecutedBy": payer,
            "TargetCitizen": alike.citizen,
            "Status": status,
            "ExpiresAt": (made + _LIFETIME).isoformat(),
            "Notes": notes,
        }
        self.stage.app.airtable.tables.create("STRATAGEMS", row, at=made)
