"""Read the invoices that payments belong to from Stripe.

Only `/v1/invoice_payments` tells which invoice a payment paid. Stripe does not copy a
subscription's metadata to the payments that it makes by itself; those payments only hint at their
invoices. A payment that somebody attached to an invoice does not even do that. We do not ask about
payments that have no customer or that say themselves what they are for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import stripe

from cascade_cli.adapters.stripe.documents import Document, listed, or_none, page, retrieve
from cascade_cli.adapters.stripe.invoice_metadata import (
    InvoicedSale,
    hints_at_invoice,
    invoiced_sale_of,
    lines_of,
    only_one,
)
from cascade_cli.concurrency import Threads

# Up to this many are looked up one by one. For more, a listing of their time takes fewer requests.
FEW = 3
# Stripe makes an invoice's payment when it finalises the invoice, and usually tries it within the
# hour.
_BEFORE, _AFTER = 3600, 60
# Another payment may be attached to an invoice long before or after it is paid.
_ATTACHED = 31 * 86_400


class Invoices:
    """Reads invoices as Stripe's JSON. Call it within `translated_errors`."""

    def __init__(self, client: stripe.StripeClient, threads: Threads) -> None:
        self._client, self._threads = client, threads

    def sales(self, charges: Sequence[Document], said_key: str) -> dict[str, InvoicedSale]:
        """The sales of those charges that paid an invoice, by the charge's id.

        `said_key` is the metadata key with the ducats that are sold.
        """
        ties = self._ties_of(charges)
        invoices = {tie["invoice"]["id"]: tie["invoice"] for each in ties.values() for tie in each}
        sales = dict(zip(invoices, self._sales(list(invoices.values()), said_key), strict=True))
        told = {
            intent: only_one([_brought(sales[tie["invoice"]["id"]], tie) for tie in each])
            for intent, each in ties.items()
        }
        intents = {charge["id"]: charge["payment_intent"]["id"] for charge in charges}
        return {id_: told[intent] for id_, intent in intents.items() if intent in told}

    def _sales(self, invoices: Sequence[Document], said_key: str) -> list[InvoicedSale]:
        lines = self._threads.map(self._lines, invoices)
        read = [lines_of(*one, said_key) for one in zip(invoices, lines, strict=True)]
        pairs = list(zip(invoices, read, strict=True))
        parts = [
            (x, each["currency"]) for each, lines in pairs for x in lines if x.good and x.is_part
        ]
        wanted = list(dict.fromkeys((x.price, currency) for x, currency in parts))
        prices = dict(zip(wanted, self._threads.map(self._price_of, wanted), strict=True))
        full = (
            [replace(x, full_cents=prices.get((x.price, each["currency"]))) for x in lines]
            for each, lines in pairs
        )
        return [invoiced_sale_of(*one, said_key) for one in zip(invoices, full, strict=True)]

    def payments_of(self, invoice_id: str) -> list[str]:
        """All intents that paid the invoice; if none did, those that were meant to."""
        found = or_none(lambda: self._list(invoice=invoice_id)) or []
        payments = [one for one in found if one["status"] == "paid"] or found
        named = [one["payment"].get("payment_intent") for one in payments]
        return [intent for intent in named if isinstance(intent, str)]

    def newest_of(self, subscription_id: str) -> str | None:
        """The subscription's newest paid invoice, if any.

        Raises Stripe's exception if there is no such subscription.
        """
        params = {"subscription": subscription_id, "status": "paid", "limit": 1}
        found = page(self._client, "/v1/invoices", **params)["data"]
        return str(found[0]["id"]) if found else None

    def sold_elsewhere(self, invoice_id: str, said_key: str) -> InvoicedSale | None:
        """What an invoice that was paid outside Stripe sells, if it sells ducats; else None."""
        payments = or_none(lambda: self._list(invoice=invoice_id)) or []
        paid = [one for one in payments if one["status"] == "paid"]
        if not paid or any(one["payment"]["type"] != "payment_record" for one in paid):
            return None
        sale = self._sales([paid[0]["invoice"]], said_key)[0]
        return sale if sale.is_ours else None

    def of_payment(self, intent: str) -> Document | None:
        """The invoice that the intent paid or is meant to pay, if any."""
        ties = _by_intent(self._of_intent(intent)).get(intent)
        return ties[0]["invoice"] if ties else None

    def _ties_of(self, charges: Sequence[Document]) -> dict[str, list[Document]]:
        """The invoice payments that tie the charges' intents to invoices, by intent."""
        hinting = [one for one in charges if hints_at_invoice(one["payment_intent"])]
        silent = [one for one in charges if not hints_at_invoice(one["payment_intent"])]
        found: dict[str, list[Document]] = {}
        asked: Sequence[Document] = charges
        if len(charges) > FEW or len(silent) > 1:
            found = _by_intent(self._list(created=_span(charges, silent)))
            # If a payment was tried for days, its invoice is much older than its charge.
            asked = hinting
        rest = dict.fromkeys(one["payment_intent"]["id"] for one in asked)
        for one in self._threads.map(self._of_intent, [id_ for id_ in rest if id_ not in found]):
            found |= _by_intent(one)
        wanted = {one["payment_intent"]["id"] for one in charges}
        return {intent: ties for intent, ties in found.items() if intent in wanted}

    def _of_intent(self, intent: str) -> list[Document]:
        named = {"type": "payment_intent", "payment_intent": intent}
        return self._list(payment=named)

    def _list(self, **params: Any) -> list[Document]:
        expand = ["data.invoice"]
        return list(listed(self._client, "/v1/invoice_payments", **params, expand=expand))

    def _lines(self, invoice: Document) -> list[Document]:
        """All lines of the invoice. The invoice itself shows only the first ones."""
        lines = invoice["lines"]
        if not lines["has_more"]:
            return list(lines["data"])
        return list(listed(self._client, f"/v1/invoices/{invoice['id']}/lines"))

    def _price_of(self, named: tuple[str, str]) -> Decimal | None:
        """What one unit costs in the invoice's currency, which need not be the price's own."""
        price, currency = named
        document = retrieve(self._client, "/v1/prices", price, expand=["currency_options"]) or {}
        own = document if document.get("currency") == currency else None
        option = own or (document.get("currency_options") or {}).get(currency) or {}
        amount = option.get("unit_amount_decimal")
        return None if amount is None else Decimal(str(amount))


def _brought(sale: InvoicedSale, tie: Document) -> InvoicedSale:
    return replace(sale, brought_cents=tie["amount_paid"])


def _span(charges: Sequence[Document], silent: Sequence[Document]) -> dict[str, int]:
    """The time within which the charges' invoice payments were made."""
    moments, attached = ([one["created"] for one in each] for each in (charges, silent))
    since = [min(moments) - _BEFORE, *(moment - _ATTACHED for moment in attached)]
    until = [max(moments) + _AFTER, *(moment + _ATTACHED for moment in attached)]
    return {"gte": min(since), "lte": max(until)}


def _by_intent(payments: Iterable[Document]) -> dict[str, list[Document]]:
    """By intent, the payments of invoices that it paid; if there are none, of those it may pay."""
    found: dict[str, list[Document]] = {}
    for one in payments:
        is_intent = one["payment"]["type"] == "payment_intent"
        if is_intent and one["status"] != "canceled" and isinstance(one["invoice"], dict):
            found.setdefault(one["payment"]["payment_intent"], []).append(one)
    return {
        intent: [tie for tie in ties if tie["status"] == "paid"] or ties
        for intent, ties in found.items()
    }
