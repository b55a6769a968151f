"""Events that no object of the sandbox causes: their own have no id, or nobody knows their type."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.object_writer import Ledger
from cascade_cli.sandbox.stripe.objects import encode
from cascade_cli.sandbox.stripe.resources.accounts import balance

BALANCE = "balance.available"


def announce(
    ledger: Ledger, type: str, subject: Any, said: Document, lacking: Collection[str]
) -> Document:
    """An event of any type about `subject`, with what else it `said` and without what it lacks.

    Without a subject, `balance.available` is about the balance, and any other about nothing.
    """
    if "id" in said or "id" in lacking:
        raise StripeError("Every event has an id of its own.", param="id")
    if subject is None:
        subject = _balance(ledger) if type == BALANCE else {}
    event = {**ledger.head(type), "data": {"object": subject}, **said}
    event = {name: value for name, value in event.items() if name not in lacking}
    # Half a surrogate can stand in JSON, but not in a database.
    text = encode(event).encode("utf-8", "backslashreplace").decode()
    ledger.record(event["id"], type, text)
    return event


def announce_upcoming(ledger: Ledger, invoice: Document, lines: list[Document]) -> None:
    """Before each renewal Stripe shows what will be billed: an invoice that has no id yet."""
    preview = {name: value for name, value in invoice.items() if name != "id"}
    total = sum(one["amount"] for one in lines)
    preview |= {
        "lines": {**invoice["lines"], "data": lines, "total_count": len(lines)},
        **dict.fromkeys(("amount_due", "amount_remaining", "subtotal", "total"), total),
    }
    source = random.Random(f"{invoice['id']}:upcoming")
    ledger.emit("invoice.upcoming", encode(preview), source=source)


def _balance(ledger: Ledger) -> Document:
    return balance(*ledger.flush().balance(ledger.created))
