"""What an invoice says about its payment, in place of the payment's own metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from cascade_cli.adapters.stripe.documents import Document
from cascade_cli.adapters.stripe.purchase_parser import is_not_ours, speaks_for_itself
from cascade_cli.domain.records.charges import Charge, Period
from cascade_cli.domain.selling.invoiced_ducats import (
    InvoiceLine,
    Sold,
    good_of,
    sold_by,
    with_said,
)
from cascade_cli.domain.shop.keys import INVOICE_PREFIX
from cascade_cli.domain.shop.money import format_ducats, read_ducats

# In a subscription's metadata: the day (UTC) whose price list and rates applied to the sale.
SOLD_ON = "sold_on"
_KINDS = ("subscription_item_details", "invoice_item_details")


def hints_at_invoice(intent: Document) -> bool:
    """Whether the payment's order reference or description shows that it is for an invoice."""
    order = (intent.get("payment_details") or {}).get("order_reference") or ""
    described = str(intent.get("description") or "")
    return str(order).startswith(INVOICE_PREFIX) or described.startswith("Subscription ")


def may_be_invoiced(intent: object, metadata: Mapping[str, str]) -> bool:
    """Whether only an invoice, if there is one, can tell what the payment bought.

    A payment that the shop made can be attached to any invoice of the same customer, and nothing in
    the payment shows that.
    """
    if not isinstance(intent, dict):
        return False
    has_customer = bool(intent.get("customer") or intent.get("customer_account"))
    return hints_at_invoice(intent) or (has_customer and not speaks_for_itself(metadata))


@dataclass(frozen=True)
class InvoicedSale:
    """What an invoice says about its payment, in place of the payment's own metadata.

    `problem` says why its ducats cannot be counted; then `sold` is None, and the charge gets
    neither ducats nor a period.
    """

    metadata: Mapping[str, str]
    sold: Sold | None
    invoice: str
    subscription: str
    currency: str
    due_cents: int
    total_cents: int
    problem: str = ""
    brought_cents: int | None = None
    """How much of the payment went to this invoice; None if all of it did."""

    @property
    def is_ours(self) -> bool:
        """Whether it sells ducats, or tries to, and does not say that it is another shop's."""
        return bool(self.sold or self.problem) and not is_not_ours(self.metadata)

    def applied_to(self, charge: Charge) -> Charge:
        """The charge, with what the invoice says about it."""
        sold, brought = self.sold, self._brought_by(charge)
        if sold is None or charge.currency != self.currency:
            why = self.problem or f"{self.invoice} is in {self.currency.upper()}"
            return replace(charge, ducats=None, ducats_text=why)
        if brought < self.due_cents:
            # Otherwise each of several payments would be credited in full.
            why = f"{self.invoice} was paid by more than this payment"
            return replace(charge, ducats=None, ducats_text=why)
        period = Period(
            *(sold.since, sold.until, self.invoice, self.subscription),
            *(self._paid_for_ducats(sold.cents, brought), sold.bonus),
            prices=sold.prices,
            sold_on=_day(self.metadata.get(SOLD_ON, "")),
            goods=sold.goods,
        )
        text = format_ducats(sold.ducats)
        return replace(charge, ducats=sold.ducats, ducats_text=text, period=period)

    def _brought_by(self, charge: Charge) -> int:
        captured = charge.captured_cents
        return captured if self.brought_cents is None else min(captured, self.brought_cents)

    def _paid_for_ducats(self, ducats_cents: int, brought: int) -> int:
        """The part of the money that paid for ducats.

        If the customer's credit paid a part of the invoice, it paid the same share of every line.
        An older debt is on no line, so money beyond the total counts for nothing.
        """
        paid = max(0, min(brought, self.total_cents))
        return min(paid, ducats_cents * paid // self.total_cents) if paid else 0


def only_one(sales: Sequence[InvoicedSale]) -> InvoicedSale:
    """The one invoiced sale of ducats among those that a payment paid.

    If there are two, nobody knows what the payment paid of each; then the result has a problem.
    """
    ours = [sale for sale in sales if sale.is_ours]
    if len(ours) > 1:
        names = " and ".join(sale.invoice for sale in ours)
        return replace(ours[0], sold=None, problem=f"it paid {names}, each in part or whole")
    return ours[0] if ours else sales[0]


def lines_of(invoice: Document, lines: Iterable[Document], said_key: str) -> Sequence[InvoiceLine]:
    """Convert the invoice's lines. `said_key` is the metadata key with the ducats that are sold."""
    said = _metadata(invoice).get(said_key)
    return with_said([_line(line) for line in lines], read_ducats(said))


def invoiced_sale_of(
    invoice: Document, lines: Sequence[InvoiceLine], said_key: str
) -> InvoicedSale:
    """What an invoice with these lines sells."""
    metadata, sold, problem = _metadata(invoice), None, ""
    try:
        sold = sold_by(lines)
        if sold is None and said_key in metadata and not any(line.good for line in lines):
            problem = f"{metadata[said_key]}, but not for which line of {invoice['id']}"
    except ValueError as error:
        problem = f"{invoice['id']}: {error}"
    subscription = _subscription_details(invoice).get("subscription") or ""
    return InvoicedSale(
        *(metadata, sold, invoice["id"], subscription, invoice["currency"]),
        *(invoice["amount_due"], invoice["total"], problem),
    )


def _metadata(invoice: Document) -> dict[str, str]:
    """The invoice's own metadata and the subscription's, as it was when the invoice was made."""
    return {**(invoice["metadata"] or {}), **(_subscription_details(invoice).get("metadata") or {})}


def _subscription_details(invoice: Document) -> Document:
    details: Document = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details


def _line(line: Document) -> InvoiceLine:
    parent = line.get("parent") or {}
    details = [parent.get(kind) or {} for kind in _KINDS]
    return InvoiceLine(
        amount_cents=line["amount"],
        quantity=line.get("quantity") or 1,
        since=_moment(line["period"]["start"]),
        until=_moment(line["period"]["end"]),
        price=str(_details(line).get("price") or ""),
        good=good_of(str(_details(line).get("product") or "")),
        # A proration: charged for the rest of a month, or given back for it.
        is_part=any(one.get("proration") for one in details),
        discount_cents=_discount_cents(line),
        is_recurring=bool(details[0]),
    )


def _discount_cents(line: Document) -> int:
    """What discounts and credit grants took off the line. Only the grants are taken from the pretax
    credits, because Stripe lists the discounts there too."""
    taken = [*(line.get("discount_amounts") or ())]
    credits_ = line.get("pretax_credit_amounts") or ()
    taken += [each for each in credits_ if each.get("type") == "credit_balance_transaction"]
    return sum(int(each["amount"]) for each in taken)


def _details(line: Document) -> Document:
    return ((line.get("pricing") or {}).get("price_details")) or {}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
