"""What states are made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cascade_cli.domain.shop.keys import LEGACY_SOURCE
from tests.harness.counter import Counter

State = Callable[[Counter], str]
"""Makes the state, and returns the id by which `explain` is asked about it."""

ORDER = json.dumps({"amount": 100.0, "reason": "Ducat purchase via CASCADE"})
LEGACY = json.dumps({"source": LEGACY_SOURCE, "amount": 100.0, "reason": "Ducat purchase"})
BROKE_OFF = "[ERROR] Processing error: 503 Server Error"
UNREADABLE = "[ERROR] Failed to parse transfer details: Extra data"
DONE = "[2026-11-20 12:00] Successfully transferred 100.0 ducats"
LATER = "2026-11-23T00:00:00Z"
"""Until then the engine takes what is active."""
LIVE: dict[str, Any] = {"Status": "active", "ExpiresAt": LATER}
STALLED: dict[str, Any] = {"Status": "active"}
FAILED: dict[str, Any] = {
    "Status": "failed",
    "Notes": f"{ORDER}\n[ERROR] Receiver marco not found.",
}
DOUBTFUL: dict[str, Any] = {"Status": "failed", "Notes": f"{ORDER}\n{BROKE_OFF}"}


def row(counter: Counter, name: str, hours_ago: float = 4, **fields: Any) -> str:
    """A transfer of that StratagemId, which is returned."""
    counter.sandboxed.transfer(name, counter.now() - timedelta(hours=hours_ago), **fields)
    return name


def keyed_to(counter: Counter, intent: str, **fields: Any) -> str:
    """A row under the payment's key; the payment."""
    row(counter, f"cascade_payment_{intent}", **fields)
    return intent


def keyed(purchase: dict[str, Any] | None = None, /, **fields: Any) -> State:
    """A payment of 100 ducats for marco, and a row under its key an hour after it."""
    return lambda counter: keyed_to(counter, counter.paid(**(purchase or {})), **fields)


def noted(status: str, *lines: str, **fields: Any) -> State:
    """Such a row with lines of the engine's behind its JSON."""
    return keyed(Status=status, Notes="\n".join([ORDER, *lines]), **fields)


def paid(**purchase: Any) -> State:
    """A payment without any row."""
    return lambda counter: counter.paid(**purchase)


def legacy(counter: Counter, hours_ago: float, **fields: Any) -> str:
    """A row as the legacy connector writes it; its StratagemId."""
    at = counter.now() - timedelta(hours=hours_ago)
    name = f"cascade_payment_marco_{int(at.timestamp())}"
    return row(counter, name, hours_ago, **{"Notes": LEGACY, **fields})


def then(make: State, *happen: Callable[[Counter, str], object]) -> State:
    """A state, and what happens to its payment afterwards."""

    def made(counter: Counter) -> str:
        intent = make(counter)
        for one in happen:
            one(counter, intent)
        return intent

    return made


def charge_of(counter: Counter, intent: str) -> str:
    """The payment's charge."""
    return counter.sandboxed.app.stripe.account.charge_of(intent, at=counter.now())


def refunded(cents: int | None = None, *, pending: bool = False) -> Callable[[Counter, str], str]:
    """Money goes back; the refund's id."""

    def undo(counter: Counter, intent: str) -> str:
        account, charge = counter.sandboxed.app.stripe.account, charge_of(counter, intent)
        made = account.refund(charge, at=counter.now(), amount=cents, pending=pending)
        return str(made["id"])

    return undo


def disputed(*, lost: bool = False, won: bool = False) -> Callable[[Counter, str], None]:
    """The payer contests it."""

    def undo(counter: Counter, intent: str) -> None:
        account = counter.sandboxed.app.stripe.account
        dispute = account.dispute(charge_of(counter, intent), at=counter.now())["id"]
        if lost or won:
            account.close_dispute(dispute, at=counter.now(), won=won)

    return undo


def credited(counter: Counter, intent: str) -> None:
    """cascade credits it; its journal knows."""
    answer = counter.credit("marco", "100", "--payment", intent)
    assert answer.code == 0, answer.err


def engine(counter: Counter, _intent: str = "") -> None:
    """The engine runs once."""
    counter.sandboxed.app.engine.run()


def later(**duration: float) -> Callable[[Counter, str], None]:
    """Time passes."""
    return lambda counter, _intent: counter.pass_time(**duration)


def vanish(counter: Counter, _intent: str = "") -> None:
    """Somebody deletes all transfers."""
    tables = counter.sandboxed.app.airtable.tables
    for record in tables.select("STRATAGEMS"):
        tables.delete("STRATAGEMS", str(record["id"]))


def enrich(counter: Counter, ducats: float = 500) -> None:
    """marco has so many ducats."""
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", "{Username} = 'marco'")
    tables.update("CITIZENS", record["id"], {"Ducats": ducats})


def anew(counter: Counter, _intent: str = "") -> None:
    """marco leaves Venice, and somebody else comes by that name."""
    counter.remove("marco")
    counter.pass_time(hours=1)
    counter.move_in("marco", days_ago=0)
    enrich(counter)
