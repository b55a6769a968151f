"""/v1/refunds, /v1/disputes and /v1/balance_transactions."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.metadata import Metadata
from cascade_cli.sandbox.stripe.parameters import Choice, Currency, Integer, Text
from cascade_cli.sandbox.stripe.resources import disputes, refunds
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving

_REFUND = {
    "amount": Integer(minimum=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
}
_METADATA = {"metadata": Metadata()}
_BELONGING = {"charge": Text(), "payment_intent": Text()}


def _create_refund(call: Change) -> One:
    charge = refunds.charge_to_refund(call.ledger, call.params)
    return One(refunds.create(call.ledger, charge, call.params))


def _update_refund(call: Change) -> One:
    return One(refunds.update(call.ledger, call.get("refund"), call.params))


def _cancel_refund(call: Change) -> One:
    return One(refunds.cancel(call.ledger, call.get("refund")))


def _update_dispute(call: Change) -> One:
    return One(disputes.update(call.ledger, call.get("dispute", "dispute"), call.params))


def _close_dispute(call: Change) -> One:
    return One(disputes.close(call.ledger, call.get("dispute", "dispute")))


ENDPOINTS = (
    listing("refund", "/v1/refunds", _BELONGING),
    retrieving("refund", "/v1/refunds/{id}"),
    Write(path="/v1/refunds", kind="refund", table=_REFUND, run=_create_refund),
    Write(path="/v1/refunds/{id}", kind="refund", table=_METADATA, run=_update_refund),
    Write(path="/v1/refunds/{id}/cancel", kind="refund", run=_cancel_refund),
    listing("dispute", "/v1/disputes", _BELONGING),
    retrieving("dispute", "/v1/disputes/{id}", "dispute"),
    Write(path="/v1/disputes/{id}", kind="dispute", table=_METADATA, run=_update_dispute),
    Write(path="/v1/disputes/{id}/close", kind="dispute", run=_close_dispute),
    listing(
        "balance_transaction",
        "/v1/balance_transactions",
        {"currency": Currency(), "source": Text(), "type": Text()},
    ),
    retrieving("balance_transaction", "/v1/balance_transactions/{id}"),
)
