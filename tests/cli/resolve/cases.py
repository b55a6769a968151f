"""Cases as they stand in the base, made by hand, and what is typed about them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.harness.commands import Answer
from tests.harness.counter import Counter


def resolve(counter: Counter, case: str, *words: str, **settings: str) -> Answer:
    """`cascade resolve CASE … --reason "looked into" --yes --json`."""
    said = () if "--reason" in words else ("--reason", "looked into")
    return counter.type("resolve", case, *words, *said, "--yes", "--json", **settings)


def reconciled(counter: Counter, *words: str, **settings: str) -> dict[str, Any]:
    """What a reconciliation of the week says."""
    answer = counter.type("reconcile", "--since", "7d", "--json", *words, **settings)
    assert answer.code in {0, 3}, answer
    assert answer.data["ducats"]["residual"] == "0"
    return answer.data


def the_item(counter: Counter, *words: str, **settings: str) -> dict[str, Any]:
    """The one item that is listed."""
    (item,) = reconciled(counter, *words, **settings)["items"]
    return dict(item)


def transferred(
    counter: Counter,
    payment: str = "",
    citizen: str = "marco",
    ducats: float = 100,
    *,
    hours_ago: float = 4,
    log: str = "",
    **fields: Any,
) -> str:
    """A transfer of the processor, executed unless told otherwise; its record id. With a payment it
    has that one's key."""
    at = counter.now() - timedelta(hours=hours_ago)
    notes: dict[str, Any] = {"amount": ducats, "reason": "Ducat purchase via CASCADE"}
    if payment:
        notes["payment_intent"] = payment
    executed = {"ExecutedAt": at.isoformat()} if "Status" not in fields else {}
    text = json.dumps(notes) + (f"\n{log}" if log else "")
    name = f"cascade_payment_{payment}" if payment else f"transfer_{hours_ago}"
    written = {"Notes": text, **executed, **fields}
    record = counter.sandboxed.transfer(fields.pop("StratagemId", name), at, citizen, **written)
    if fields.get("Status", "executed") == "executed":
        give(counter, citizen, ducats)
    return str(record["id"])


def give(counter: Counter, citizen: str, ducats: float) -> None:
    """As the engine has moved them, from the processor to the citizen."""
    tables = counter.sandboxed.app.airtable.tables
    for name, change in ((citizen, ducats), (PROCESSOR, -ducats)):
        (record,) = tables.select("CITIZENS", f"{{Username}} = '{name}'")
        has = record["fields"].get("Ducats", 0)
        tables.update("CITIZENS", record["id"], {"Ducats": has + change})


def edit(counter: Counter, record: str, **fields: Any) -> None:
    """Somebody edits a row by hand."""
    counter.sandboxed.app.airtable.tables.update("STRATAGEMS", record, fields)


def run_engine(counter: Counter) -> None:
    counter.sandboxed.app.engine.run()


def wrong_citizen(counter: Counter) -> str:
    """lucia has the ducats that marco has paid for."""
    payment = counter.paid()
    transferred(counter, payment, citizen="lucia")
    return payment


def too_few(counter: Counter) -> str:
    payment = counter.paid()
    transferred(counter, payment, ducats=90)
    return payment


def too_many(counter: Counter) -> str:
    payment = counter.paid()
    transferred(counter, payment, ducats=150)
    return payment


def twice(counter: Counter) -> str:
    payment = counter.paid()
    transferred(counter, payment)
    transferred(counter, payment, hours_ago=3)
    return payment


BROKE_OFF = "[ERROR] Processing error: connection reset"


def doubtful(counter: Counter, *, moved: bool = False) -> str:
    payment = counter.paid()
    transferred(counter, payment, Status="failed", log=BROKE_OFF)
    if moved:
        give(counter, "marco", 100)
    return payment


def orphan(counter: Counter) -> str:
    """The record of a transfer that nobody paid for."""
    return transferred(counter, citizen="lucia", StratagemId="transfer_to_lucia")
