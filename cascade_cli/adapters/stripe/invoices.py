"""Payments that belong to an invoice: what its lines sold, to whom, and for which time.

Stripe makes these payments by itself, and copies nothing of the subscription's metadata to them.
The intent only hints at an invoice; which one it paid, `/v1/invoice_payments` tells, and nothing
else. An account whose payments never hint at one is asked nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import stripe

from cascade_cli.adapters.crew import Crew
from cascade_cli.adapters.stripe.errors import or_none
from cascade_cli.adapters.stripe.ranges import PAGE_SIZE, Document
from cascade_cli.domain.charges import Charge, Period
from cascade_cli.domain.money import format_ducats, read_ducats
from cascade_cli.domain.subscriptions import Line, Sold, good_of, sold_by, with_said

# In a subscription's metadata: the day (UTC) whose price list and rates it was sold by.
SOLD_ON = "sold_on"
INVOICE_PREFIX = "in_"
_KINDS = ("subscription_item_details", "invoice_item_details")
# Up to so many are asked for one by one; a listing of their time takes fewer requests for more.
FEW = 3
# An invoice's payment is made when it is finalised, and mostly tried within the hour.
_BEFORE, _AFTER = 3600, 60


def may_be_invoiced(charge: Document) -> bool:
    """Whether the payment hints at an invoice: its order names one, or Stripe described it."""
    intent = charge["payment_intent"]
    if not isinstance(intent, dict):
        return False
    order = (intent.get("payment_details") or {}).get("order_reference") or ""
    described = str(intent.get("description") or "")
    return str(order).startswith(INVOICE_PREFIX) or described.startswith("Subscription ")


@dataclass(frozen=True)
class Bill:
    """What an invoice says of its payment, as if the payment's metadata said it.

    `problem` is why its ducats cannot be counted; then `ducats` and `period` are None.
    """

    metadata: Mapping[str, str]
    sold: Sold | None
    invoice: str
    subscription: str
    due_cents: int
    problem: str = ""

    @property
    def is_ours(self) -> bool:
        """It sells ducats, or tries to."""
        return bool(self.sold or self.problem)

    def told(self, charge: Charge) -> Charge:
        """The charge with what the invoice says of it."""
        if self.sold is None:
            return replace(charge, ducats=None, ducats_text=self.problem)
        if charge.captured_cents < self.due_cents:
            # Each of several payments would be credited all of it.
            why = f"{self.invoice} was paid by more than this payment"
            return replace(charge, ducats=None, ducats_text=why)
        sold = self.sold
        period = Period(
            *(sold.since, sold.until, self.invoice, self.subscription, sold.cents, sold.bonus),
            prices=sold.prices,
            sold_on=_day(self.metadata.get(SOLD_ON, "")),
        )
        text = format_ducats(sold.ducats)
        return replace(charge, ducats=sold.ducats, ducats_text=text, period=period)


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
        read = [_read(*one, said_key) for one in zip(invoices, lines, strict=True)]
        parts = (line for each in read for line in each if line.good and line.is_part)
        wanted = list(dict.fromkeys(line.price for line in parts))
        prices = dict(zip(wanted, self._crew.map(self._price_of, wanted), strict=True))
        full = ([replace(x, full_cents=prices.get(x.price)) for x in each] for each in read)
        return [_bill(*one, said_key) for one in zip(invoices, full, strict=True)]

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


def _read(invoice: Document, lines: Iterable[Document], said_key: str) -> Sequence[Line]:
    said = _metadata(invoice).get(said_key)
    return with_said([_line(line) for line in lines], read_ducats(said))


def _bill(invoice: Document, lines: Sequence[Line], said_key: str) -> Bill:
    metadata, sold, problem = _metadata(invoice), None, ""
    try:
        sold = sold_by(lines)
        if sold is None and said_key in metadata and not any(line.good for line in lines):
            problem = f"{metadata[said_key]}, but not for which line of {invoice['id']}"
    except ValueError as error:
        problem = f"{invoice['id']}: {error}"
    subscription = _of_subscription(invoice).get("subscription") or ""
    return Bill(metadata, sold, invoice["id"], subscription, invoice["amount_due"], problem)


def _metadata(invoice: Document) -> dict[str, str]:
    """The subscription's, as it was when the invoice was drawn up, and the invoice's own."""
    return {**(invoice["metadata"] or {}), **(_of_subscription(invoice).get("metadata") or {})}


def _of_subscription(invoice: Document) -> Document:
    details: Document = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details


def _line(line: Document) -> Line:
    parent = line.get("parent") or {}
    details = [parent.get(kind) or {} for kind in _KINDS]
    return Line(
        amount_cents=line["amount"],
        quantity=line.get("quantity") or 1,
        since=_moment(line["period"]["start"]),
        until=_moment(line["period"]["end"]),
        price=str(_details(line).get("price") or ""),
        good=good_of(str(_details(line).get("product") or "")),
        # A proration: what is left of a month, or given back for it.
        is_part=any(one.get("proration") for one in details),
        discount_cents=sum(each["amount"] for each in line.get("discount_amounts") or ()),
        is_recurring=bool(details[0]),
    )


def _details(line: Document) -> Document:
    return ((line.get("pricing") or {}).get("price_details")) or {}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
