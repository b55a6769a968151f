"""The invoices that payments belong to, read from Stripe.

Stripe makes these payments by itself, and copies nothing of the subscription's metadata to them.
The intent only hints at an invoice; which one it paid, `/v1/invoice_payments` tells, and nothing
else. An account whose payments never hint at one is asked nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import stripe

from cascade_cli.adapters.crew import Crew
from cascade_cli.adapters.stripe.bills import Bill, bill_of, lines_of
from cascade_cli.adapters.stripe.errors import or_none
from cascade_cli.adapters.stripe.ranges import PAGE_SIZE, Document

# Up to so many are asked for one by one; a listing of their time takes fewer requests for more.
FEW = 3
# An invoice's payment is made when it is finalised, and mostly tried within the hour.
_BEFORE, _AFTER = 3600, 60


class Invoices:
    """Reads invoices as Stripe's JSON. Call it within `our_errors`."""

    def __init__(self, client: stripe.StripeClient, crew: Crew) -> None:
        self._client, self._crew = client, crew

    def bills(self, charges: Sequence[Document], said_key: str) -> dict[str, Bill]:
        """By the charge's id, the bills of those that paid an invoice.

        `said_key` is where metadata says how many ducats are sold.
        """
        found = self._paid_by(charges)
        bills = dict(zip(found, self._bills(list(found.values()), said_key), strict=True))
        intents = {charge["id"]: charge["payment_intent"]["id"] for charge in charges}
        return {id_: bills[intent] for id_, intent in intents.items() if intent in bills}

    def _bills(self, invoices: Sequence[Document], said_key: str) -> list[Bill]:
        lines = self._crew.map(self._lines, invoices)
        read = [lines_of(*one, said_key) for one in zip(invoices, lines, strict=True)]
        parts = (line for each in read for line in each if line.good and line.is_part)
        wanted = list(dict.fromkeys(line.price for line in parts))
        prices = dict(zip(wanted, self._crew.map(self._price_of, wanted), strict=True))
        full = ([replace(x, full_cents=prices.get(x.price)) for x in each] for each in read)
        return [bill_of(*one, said_key) for one in zip(invoices, full, strict=True)]

    def payments_of(self, invoice_id: str) -> list[str]:
        """The intents that paid the invoice, or tried to; what was paid comes first."""
        found = or_none(lambda: self._list({"invoice": invoice_id, "limit": PAGE_SIZE}))
        payments = sorted(found or [], key=lambda one: one["status"] != "paid")
        named = [one["payment"].get("payment_intent") for one in payments]
        return [intent for intent in named if isinstance(intent, str)]

    def newest_of(self, subscription_id: str) -> str | None:
        """The subscription's newest invoice that was paid. Raises where there is no such."""
        params: Any = {"subscription": subscription_id, "status": "paid", "limit": 1}
        found = self._client.v1.invoices.list(params).data
        return found[0].id if found else None

    def was_paid_elsewhere(self, invoice_id: str, said_key: str) -> bool:
        """Whether the invoice sold ducats for money that never came to Stripe."""
        payments = or_none(lambda: self._list({"invoice": invoice_id, "limit": PAGE_SIZE})) or []
        paid = [one for one in payments if one["status"] == "paid"]
        if not paid or any(one["payment"]["type"] != "payment_record" for one in paid):
            return False
        return self._bills([paid[0]["invoice"]], said_key)[0].is_ours

    def of_payment(self, intent: str) -> Document | None:
        """The invoice that the intent paid, or is to pay."""
        return _by_intent(self._of_intent(intent)).get(intent)

    def _paid_by(self, charges: Sequence[Document]) -> dict[str, Document]:
        """The invoices by the intents that paid them."""
        found: dict[str, Document] = {}
        if len(charges) > FEW:
            moments = [charge["created"] for charge in charges]
            created = {"gte": min(moments) - _BEFORE, "lte": max(moments) + _AFTER}
            found = _by_intent(self._list({"created": created, "limit": PAGE_SIZE}))
        # What was tried for days has an older invoice than its charge.
        wanted = dict.fromkeys(charge["payment_intent"]["id"] for charge in charges)
        rest = [intent for intent in wanted if intent not in found]
        for one in self._crew.map(self._of_intent, rest):
            found |= _by_intent(one)
        return {intent: invoice for intent, invoice in found.items() if intent in wanted}

    def _of_intent(self, intent: str) -> list[Document]:
        named = {"type": "payment_intent", "payment_intent": intent}
        return self._list({"payment": named, "limit": PAGE_SIZE})

    def _list(self, params: dict[str, Any]) -> list[Document]:
        return list(self._pages("/v1/invoice_payments", {**params, "expand": ["data.invoice"]}))

    def _lines(self, invoice: Document) -> list[Document]:
        """All lines: an invoice shows its first ones."""
        lines = invoice["lines"]
        if not lines["has_more"]:
            return list(lines["data"])
        path = f"/v1/invoices/{invoice['id']}/lines"
        return list(self._pages(path, {"limit": PAGE_SIZE}))

    def _price_of(self, price: str) -> Decimal | None:
        found = or_none(lambda: self._client.v1.prices.retrieve(price))
        amount = found.unit_amount_decimal if found else None
        return None if amount is None else Decimal(str(amount))

    def _pages(self, path: str, params: dict[str, Any]) -> Iterator[Document]:
        while True:
            page: Any = self._client.raw_request("get", path, **params).data
            yield from page["data"]
            if not page["has_more"]:
                return
            params = {**params, "starting_after": page["data"][-1]["id"]}


def _by_intent(payments: Iterable[Document]) -> dict[str, Document]:
    """The invoices by intent. A payment that was given up paid none."""
    return {
        one["payment"]["payment_intent"]: one["invoice"]
        for one in payments
        if one["payment"]["type"] == "payment_intent"
        and one["status"] != "canceled"
        and isinstance(one["invoice"], dict)
    }
