"""Read Stripe's refunds and disputes: how much of a charge's money they moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import stripe

from cascade_cli.adapters.stripe.documents import Document, listed
from cascade_cli.domain.records.charges import Dispute, Refund

_GAVE_UP = frozenset({"failed", "canceled"})
# Money that comes back at another day's exchange rate may be this much less.
RATE_DRIFT_PERCENT = 10

Settled = Callable[[str], Document | None]
"""Reads a balance transaction; None if it cannot be read."""


def to_refund(refund: Document) -> Refund:
    """Convert a refund. One without a status is from the time before refunds could fail."""
    has_left = None
    if "balance_transaction" in refund:
        has_left = bool(refund["balance_transaction"])
        has_left = has_left and not refund.get("failure_balance_transaction")
    return Refund(
        id=refund["id"],
        status=refund["status"] or "succeeded",
        amount_cents=refund["amount"],
        created_at=datetime.fromtimestamp(refund["created"], UTC),
        failure=refund.get("failure_reason") or "",
        has_left=has_left,
    )


def with_refunds(client: stripe.StripeClient, charge: Document) -> Document:
    """The charge with all its refunds. Stripe shows the last ten; if there are more, read all."""
    shown = charge.get("refunds")
    if not (shown and shown["has_more"]):
        return charge
    refunds = list(listed(client, "/v1/refunds", charge=charge["id"]))
    return {**charge, "refunds": {**shown, "data": refunds, "has_more": False}}


def to_refunds(charge: Document, refunds: Sequence[Document]) -> tuple[Refund, ...]:
    """Convert the refunds, without the one that stands for what was never captured."""
    released = release_among(charge, refunds)
    return tuple(to_refund(refund) for refund in refunds if refund is not released)


def release_among(charge: Document, refunds: Sequence[Document]) -> Document | None:
    """The entry that is no real refund: after a partial capture, Stripe books the uncaptured rest
    as one. It is the oldest of that amount; None if the charge's refunds do not include it."""
    listed = sum(one["amount"] for one in refunds if one["status"] not in _GAVE_UP)
    alike = [one for one in refunds if one["amount"] == _not_captured(charge)]
    if not alike or listed <= stated_refunded_cents(charge):
        return None
    return min(alike, key=lambda one: (one["created"], one["id"]))


def stated_refunded_cents(charge: Document) -> int:
    """How much was refunded by the charge's own numbers, without what was never captured."""
    refunded: int = charge["amount_refunded"]
    return max(refunded - _not_captured(charge), 0)


def _not_captured(charge: Document) -> int:
    rest: int = charge["amount"] - charge["amount_captured"]
    return max(rest, 0)


def to_dispute(dispute: Document, charge_id: str, settled: Settled) -> Dispute:
    """Convert a dispute whose charge is expanded. All cents are in the charge's currency."""
    money = _DisputedMoney(dispute, settled)
    return Dispute(
        dispute["id"],
        charge_id,
        dispute["status"],
        dispute["reason"],
        money.amount_cents,
        money.taken_cents,
        datetime.fromtimestamp(dispute["created"], UTC),
    )


class _DisputedMoney:
    """What a dispute moved, by its balance transactions, without the fees, which the shop pays."""

    def __init__(self, dispute: Document, settled: Settled) -> None:
        self._dispute, self._settled = dispute, settled
        self._charge = dispute["charge"]
        self._moved = dispute.get("balance_transactions")
        # Two withdrawals are not twice the money: it came back in between.
        self._withdrawn = max((-one["amount"] for one in self._moved or ()), default=0)

    @property
    def amount_cents(self) -> int:
        """How much is contested."""
        if self._is_in_charge_currency:
            return int(self._dispute["amount"])
        return self._worth(self._withdrawn) if self._withdrawn > 0 else self._captured

    @property
    def taken_cents(self) -> int | None:
        """How much the dispute took and did not return; None if Stripe does not tell."""
        if self._moved is None:
            return None
        if not self._moved:
            return self.amount_cents if self._was_paid_out else 0
        net = -sum(one["amount"] for one in self._moved)
        return self._worth(net) if net > 0 else 0

    @property
    def _captured(self) -> int:
        return int(self._charge["amount_captured"])

    @property
    def _is_in_charge_currency(self) -> bool:
        return str(self._dispute["currency"]) == str(self._charge["currency"])

    @property
    def _was_paid_out(self) -> bool:
        """Whether the dispute was prevented by paying the cardholder. If it was blocked, the shop
        kept the money."""
        card = (self._dispute.get("payment_method_details") or {}).get("card") or {}
        return self._dispute["status"] == "prevented" and card.get("case_type") == "resolution"

    def _worth(self, moved_cents: int) -> int:
        """The moved cents in the charge's currency, in proportion if the balance has another."""
        currency = self._moved[0]["currency"] if self._moved else ""
        if currency == self._charge["currency"]:
            return moved_cents
        if moved_cents * 100 <= self._withdrawn * RATE_DRIFT_PERCENT:
            return 0
        if self._is_in_charge_currency:
            return _part(int(self._dispute["amount"]), moved_cents, self._withdrawn)
        paid = self._settled(self._charge["balance_transaction"] or "")
        is_alike = paid is not None and paid["currency"] == currency and paid["amount"] > 0
        whole = int(paid["amount"]) if paid and is_alike else self._withdrawn
        return min(_part(self._captured, moved_cents, whole), self._captured)


def _part(cents: int, moved: int, whole: int) -> int:
    """The share of `cents` that `moved` is of `whole`, to the nearest cent."""
    return (2 * cents * moved + whole) // (2 * whole)
