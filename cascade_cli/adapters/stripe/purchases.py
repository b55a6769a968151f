"""Stripe's charges as purchases of ducats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import stripe

from cascade_cli.adapters.stripe.client import translated_errors
from cascade_cli.adapters.stripe.documents import Document, listed, or_none, page, pages, retrieve
from cascade_cli.adapters.stripe.invoice_metadata import InvoicedSale, may_be_invoiced
from cascade_cli.adapters.stripe.invoices import Invoices
from cascade_cli.adapters.stripe.money_moved import to_dispute, with_refunds
from cascade_cli.adapters.stripe.purchase_parser import (
    DUCATS,
    Kept,
    is_ducat_purchase,
    is_paid,
    may_become_paid,
    metadata_of,
    nothing_kept,
    speaks_for_itself,
    to_charge,
    to_charges,
)
from cascade_cli.adapters.stripe.ranges import Ranges, whole_seconds
from cascade_cli.concurrency import Threads
from cascade_cli.domain.records.charges import Charge, Dispute, Listing
from cascade_cli.domain.shop.density import DensityEstimate
from cascade_cli.domain.shop.keys import INVOICE_PREFIX, portion_number, whole_id
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import RightsError

# A charge that was made before its intent got metadata has none of its own. What was paid back is
# in the refunds.
_EXPANDED = ["payment_intent", "refunds"]
_EXPANDED_IN_LIST = [f"data.{name}" for name in _EXPANDED]
_CHARGES, _DISPUTES = "/v1/charges", "/v1/disputes"

# A page of disputes must save this many requests; otherwise each charge's disputes are asked for.
DISPUTED_PER_PAGE = 4


@dataclass
class Purchases(Listing):
    """Sorts Stripe's charges into a listing. `kept` finds the journal's allocations."""

    invoiced: list[Document] = field(default_factory=list)
    """Charges that do not say what they bought, but may have paid an invoice that does."""
    kept: Kept = field(default=nothing_kept, repr=False, compare=False)
    processor: str = field(default="", repr=False, compare=False)
    """The citizen who pays out the ducats, and cannot receive any."""

    def take(self, charge: Document, *, is_invoiced: bool = False) -> None:
        """Sort one of Stripe's charges; `is_invoiced` if an invoice named it."""
        metadata = metadata_of(charge)
        says_all = is_ducat_purchase(metadata) and speaks_for_itself(metadata)
        may_be = is_invoiced or may_be_invoiced(charge["payment_intent"], metadata)
        if not says_all and may_be and (is_paid(charge) or may_become_paid(charge)):
            self.invoiced.append(charge)
        else:
            self._sort_alone(charge, metadata)

    def settle(self, sales: Mapping[str, InvoicedSale]) -> None:
        """Sort the charges that may belong to an invoice, by the sales that invoices show."""
        for charge in self.invoiced:
            sale = sales.get(charge["id"])
            if sale and sale.is_ours:
                self._sort(charge, sale.metadata, sale)
            else:
                self._sort_alone(charge, metadata_of(charge))
        self.invoiced = []

    def _sort_alone(self, charge: Document, metadata: Mapping[str, str]) -> None:
        """Sort the charge by what it says itself."""
        if is_ducat_purchase(metadata):
            self._sort(charge, metadata)
        else:
            self.other_products += 1

    def _sort(
        self, charge: Document, metadata: Mapping[str, str], sale: InvoicedSale | None = None
    ) -> None:
        if is_paid(charge) and sale:
            self.charges.append(self._receivable(sale.applied_to(to_charge(charge, metadata))))
        elif is_paid(charge):
            self.charges += map(self._receivable, to_charges(charge, metadata, self.kept))
        else:
            self.unpaid += 1
            if may_become_paid(charge):
                self.pending[charge["id"]] = datetime.fromtimestamp(charge["created"], UTC)

    def _receivable(self, charge: Charge) -> Charge:
        """The charge, without its citizen if that is the processor itself."""
        is_own = bool(self.processor) and charge.citizen == self.processor
        return replace(charge, citizen=None) if is_own else charge

    def add(self, older: Purchases) -> None:
        """Append what an older part of the same listing held."""
        self.charges += older.charges
        self.other_products += older.other_products
        self.unpaid += older.unpaid
        self.pending |= older.pending
        self.invoiced += older.invoiced


class _Requested:
    """The payments and portions that a caller asks for.

    Stripe knows only whole payments, so `keep` drops the portions that were not asked for.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        # None stands for all portions.
        self._numbers: dict[str, set[int | None]] = {}
        for one in ids:
            self._numbers.setdefault(whole_id(one), set()).add(portion_number(one))
        self.whole_payments = list(self._numbers)
        """What to ask Stripe for: each whole payment once, in their order."""

    def keep(self, charges: Iterable[Charge]) -> tuple[Charge, ...]:
        """The charges that were asked for. A payment with an unknown allocation is kept whole."""
        return tuple(charge for charge in charges if self._means(charge))

    def _means(self, charge: Charge) -> bool:
        if charge.portion is None:
            return True
        numbers = {n for name in charge.names for n in self._numbers.get(name, ())}
        return None in numbers or charge.portion.number in numbers


class StripeReader:
    """Reads what was paid. Every method raises only errors of cascade_cli.errors.

    Ids may be those of portions; Stripe is then asked for the whole payment. `density_threads` read
    a listing that fills a density estimate. A payment for the `processor` itself gets no citizen.
    """

    def __init__(
        self,
        client: stripe.StripeClient,
        threads: Threads | None = None,
        kept: Kept = nothing_kept,
        density_threads: Threads | None = None,
        processor: str = "",
    ) -> None:
        self._client, self._kept, self._processor = client, kept, processor
        self._threads = threads or Threads()
        self._density_threads = density_threads or self._threads
        self._invoices = Invoices(client, self._threads)

    def purchases(self, window: Window, density: DensityEstimate | None = None) -> Purchases:
        """All charges created in the window, to the whole second, as Stripe dates them.

        `density` is told the number of charges on each page as it is read, and is closed at the
        end.
        """
        threads = self._density_threads if density else self._threads
        density = density or DensityEstimate()
        since, until = whole_seconds(window.since), whole_seconds(window.until)
        found, sink = self._nothing(), self._nothing
        try:
            with translated_errors():
                ranges = Ranges(since, until, self._ask, sink, take=Purchases.take, density=density)
                for part in ranges.read(threads):
                    found.add(part)
                self._settle(found)
        finally:
            density.close()
        return found

    def _nothing(self) -> Purchases:
        return Purchases(kept=self._kept, processor=self._processor)

    def _ask(self, params: dict[str, Any]) -> Any:
        found = page(self._client, _CHARGES, **params, expand=_EXPANDED_IN_LIST)
        found["data"] = [with_refunds(self._client, charge) for charge in found["data"]]
        return found

    def latest(self, window: Window, most: int) -> Purchases:
        """The newest charges of the window, at most `most`, in one request."""
        since, until = whole_seconds(window.since), whole_seconds(window.until)
        found = self._nothing()
        with translated_errors():
            newest = self._ask({"created": {"gte": since, "lt": until}, "limit": most})
            for charge in newest["data"]:
                found.take(charge)
            self._settle(found)
        return found

    def _settle(self, found: Purchases) -> None:
        """Ask for the invoices of the charges that may have one. Without such, ask nothing."""
        if found.invoiced:
            found.settle(self._invoices.sales(found.invoiced, DUCATS))

    def charges(self, charge_ids: Sequence[str]) -> Purchases:
        """These charges, sorted like a listing; one that Stripe does not know is left out."""
        found, asked = self._nothing(), _Requested(charge_ids)
        with translated_errors():
            for charge in self._threads.map(self._charge_of, asked.whole_payments):
                if charge is not None:
                    found.take(charge)
            self._settle(found)
        found.charges = list(asked.keep(found.charges))
        return found

    def payment(self, payment_id: str) -> Charge | None:
        """The paid ducat purchase with that id (`pi_…`, `ch_…`, `py_…`), or the one that paid an
        invoice (`in_…`); None if there is none. Also None for a split payment, in which each
        portion has an id of its own."""
        return _only(payment_id, self.portions(payment_id))

    def portions(self, payment_id: str) -> tuple[Charge, ...]:
        """What the payment bought: nothing, one purchase, or one for each citizen it was split for.

        For an invoice (`in_…`), what all the payments bought that paid it.
        """
        found, is_invoice = self._nothing(), payment_id.startswith(INVOICE_PREFIX)
        with translated_errors():
            named = self._invoices.payments_of(payment_id) if is_invoice else [whole_id(payment_id)]
            for charge in map(self._charge_of, named):
                if charge is not None:
                    found.take(charge, is_invoiced=is_invoice)
            self._settle(found)
        return _Requested([payment_id]).keep(found.charges)

    def portions_of(self, payment_ids: Sequence[str]) -> dict[str, tuple[Charge, ...]]:
        """What `portions` finds for each id. Stripe is asked once for each whole payment."""
        wholes = _Requested(payment_ids).whole_payments
        found = dict(zip(wholes, self._threads.map(self.portions, wholes), strict=True))
        return {one: _Requested([one]).keep(found[whole_id(one)]) for one in payment_ids}

    def _charge_of(self, payment_id: str) -> Document | None:
        client, charge = self._client, None
        if not payment_id.startswith("pi_"):
            charge = retrieve(client, _CHARGES, payment_id, expand=_EXPANDED)
        else:
            # The newest comes first, and only the last attempt of an intent can succeed.
            asked = {"payment_intent": payment_id, "limit": 1, "expand": _EXPANDED_IN_LIST}
            newest = or_none(lambda: page(client, _CHARGES, **asked))
            charge = newest["data"][0] if newest and newest["data"] else None
        return None if charge is None else with_refunds(client, charge)

    def disputes(self, charge_id: str) -> tuple[Dispute, ...]:
        """The disputes against one charge, newest first."""
        whole = whole_id(charge_id)
        with translated_errors():
            found = list(listed(self._client, _DISPUTES, charge=whole, expand=["data.charge"]))
            return tuple(to_dispute(one, charge_id, self._moved) for one in found)

    def _moved(self, transaction_id: str) -> Document | None:
        """A balance transaction; None if the key may not read it."""
        try:
            with translated_errors():
                found: Document | None = retrieve(
                    self._client, "/v1/balance_transactions", transaction_id
                )
                return found
        except RightsError:
            return None

    def disputes_against(self, charges: Sequence[Charge]) -> dict[str, tuple[Dispute, ...]]:
        """The disputes of each charge, newest first. One listing has those of many charges."""
        wholes = _Requested(charge.id for charge in charges).whole_payments
        found: dict[str, tuple[Dispute, ...]] = {}
        if len(wholes) > 1:
            since = int(min(charge.created_at for charge in charges).timestamp())
            with translated_errors():
                for one in self._disputes_since(since, max(1, len(wholes) // DISPUTED_PER_PAGE)):
                    if (whole := one["charge"]["id"]) in wholes:
                        told = to_dispute(one, whole, self._moved)
                        found[whole] = (*found.get(whole, ()), told)
        left = [whole for whole in wholes if whole not in found]
        found |= dict(zip(left, self._threads.map(self.disputes, left), strict=True))
        return {charge.id: found[whole_id(charge.id)] for charge in charges}

    def _disputes_since(self, since: int, most_pages: int) -> Sequence[Document]:
        """All disputes that were made since then; none if they fill more than `most_pages`."""
        made = {"gte": since}
        read = pages(self._client, _DISPUTES, created=made, expand=["data.charge"])
        found = list(islice(read, most_pages))
        return [] if found[-1]["has_more"] else [one for each in found for one in each["data"]]


def _only(identity: str, found: Sequence[Charge]) -> Charge | None:
    """The charge if there is only one. A portion counts only if its own id was asked for."""
    is_one = len(found) == 1 and (found[0].portion is None or portion_number(identity) is not None)
    return found[0] if is_one else None
