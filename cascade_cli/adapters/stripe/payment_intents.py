"""PaymentIntents: what a citizen's browser confirms, and where a payment stands."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import stripe
from stripe.params import PaymentIntentCreateParams

from cascade_cli.adapters.stripe.checkout_sessions import purchase_metadata
from cascade_cli.adapters.stripe.client import (
    KeyInUseError,
    KeyReusedError,
    fresh_keys,
    translated_errors,
)
from cascade_cli.adapters.stripe.documents import PAGE_SIZE, Document, listed, retrieve
from cascade_cli.adapters.stripe.events import to_event
from cascade_cli.adapters.stripe.money_moved import with_refunds
from cascade_cli.adapters.stripe.purchase_parser import (
    CURRENCY_RATE,
    CURRENCY_RATE_DATE,
    DUCATS,
    PACKAGE,
    RATE,
    Kept,
    is_ducat_purchase,
    is_paid,
    metadata_of,
    nothing_kept,
    to_charges,
)
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.selling.sales import PaymentIntent, Sale
from cascade_cli.domain.shop.money import format_ducats, format_money
from cascade_cli.errors import AnswerError, CascadeError, RightsError

RIGHTS_HINT = (
    "Nothing was sold. A restricted key (rk_…) needs the right to write PaymentIntents: add it in "
    "the Stripe dashboard (Developers, API keys)."
)

# Unless asked, Stripe gives only the charge's id, without its refunds.
_EXPANDED = ["latest_charge", "latest_charge.refunds"]
# The newest 500 payments are searched: five requests, and only after a refusal.
_MADE, _MOST_EVENTS = "payment_intent.created", 5 * PAGE_SIZE
_INTENTS = "/v1/payment_intents"
_BY_THE_DAY = frozenset({RATE, CURRENCY_RATE, CURRENCY_RATE_DATE})


class PaymentIntents:
    """Makes and reads PaymentIntents.

    Raises only errors of cascade_cli.errors, and KeyReusedError.
    """

    def __init__(self, client: stripe.StripeClient, kept: Kept = nothing_kept) -> None:
        self._client, self._intents, self._kept = client, client.v1.payment_intents, kept

    def create(self, sale: Sale, key: str) -> PaymentIntent:
        """Make a PaymentIntent for the sale. The same key and sale give the same one again.

        Raises KeyReusedError. Its message says so if only the price has changed.
        """
        try:
            with translated_errors(), fresh_keys():
                made = self._intents.create(intent_params(sale), {"idempotency_key": key})
        except RightsError as error:
            raise RightsError(error.message, RIGHTS_HINT) from error
        except KeyInUseError:
            raise
        except KeyReusedError as error:
            raise self._price_changed(sale, key) or error from error
        if (made.amount, made.currency) != (sale.quote.amount_cents, sale.quote.currency):
            raise AnswerError(f"Stripe made {made.id} for another price than was asked for.")
        return self._intent_of(made.to_dict())

    def _price_changed(self, sale: Sale, key: str) -> KeyReusedError | None:
        """The error if the key was used for this same sale at another price or exchange rate.

        Stripe only says that the key was used for something else. The event of its creation tells
        for which payment.
        """
        made = _made_with(self._client, key)
        with translated_errors():
            earlier = retrieve(self._client, _INTENTS, made) if made else None
            return _at_another_price(sale, earlier) if earlier else None

    def get(self, intent_id: str) -> PaymentIntent | None:
        """The PaymentIntent with that id, whatever it sells; None if there is none."""
        with translated_errors():
            found = retrieve(self._client, _INTENTS, intent_id, expand=_EXPANDED)
            return self._intent_of(found) if found else None

    def _intent_of(self, found: Document) -> PaymentIntent:
        metadata = found["metadata"]
        return PaymentIntent(
            id=found["id"],
            status=found["status"],
            amount_cents=found["amount"],
            currency=found["currency"],
            created_at=datetime.fromtimestamp(found["created"], UTC),
            metadata=metadata,
            client_secret=str(found["client_secret"]),
            charges=self._charges_of(found),
            is_purchase=is_ducat_purchase(metadata),
        )

    def _charges_of(self, found: Document) -> tuple[Charge, ...]:
        """The paid charge, converted as in a listing; empty if it is not a paid purchase."""
        if not isinstance(found.get("latest_charge"), dict):
            return ()
        intent = {"id": found["id"], "metadata": found["metadata"]}
        charge = {**found["latest_charge"], "payment_intent": intent}
        metadata = metadata_of(charge)
        if not is_paid(charge) or not is_ducat_purchase(metadata):
            return ()
        return to_charges(with_refunds(self._client, charge), metadata, self._kept)


def intent_params(sale: Sale) -> PaymentIntentCreateParams:
    """The price, and the metadata that the webhook credits by."""
    quote = sale.quote
    return {
        "amount": quote.amount_cents,
        "currency": quote.currency,
        "automatic_payment_methods": {"enabled": True},
        "description": f"{format_ducats(quote.ducats, grouped=True)} ducats for {sale.whom}",
        "metadata": purchase_metadata(sale),
    }


def _made_with(client: stripe.StripeClient, key: str) -> str | None:
    """The id of the PaymentIntent that was lately made with the idempotency key.

    None if that is unknown, for example because our Stripe key may not read events.
    """
    try:
        with translated_errors():
            newest = islice(listed(client, "/v1/events", type=_MADE), _MOST_EVENTS)
            made = next((one for one in newest if _key_of(one) == key), None)
            return to_event(made, b"").payment_id if made else None
    except CascadeError:
        return None


def _at_another_price(sale: Sale, earlier: Document) -> KeyReusedError | None:
    """The error if the earlier sale with the same key was this one at another price."""
    before, now = earlier["metadata"], purchase_metadata(sale)
    if earlier["currency"] != sale.quote.currency or _lasting(before) != _lasting(now):
        return None
    was = _offer(earlier["amount"], earlier["currency"], before)
    offered = _offer(sale.quote.amount_cents, sale.quote.currency, now)
    change = f"{was} then, {offered} now" if was != offered else "its exchange rate has changed"
    return KeyReusedError(
        "The price has changed since this Idempotency-Key was used for the same purchase: "
        f"{change}.",
        f"Nothing more was sold. {earlier['id']}, made then, has the status {earlier['status']}; "
        "use a new key to sell at today's price.",
    )


def _lasting(metadata: dict[str, str]) -> dict[str, str]:
    """What the buyer chose. A package's ducats, like its price, come from the price list."""
    changing = _BY_THE_DAY | ({DUCATS} if PACKAGE in metadata else set())
    return {name: text for name, text in metadata.items() if name not in changing}


def _offer(cents: int, currency: str, metadata: dict[str, str]) -> str:
    ducats = f" for {metadata[DUCATS]} ducats" if DUCATS in metadata else ""
    return format_money(cents, currency) + ducats


def _key_of(event: dict[str, Any]) -> str | None:
    request = event.get("request")
    return request.get("idempotency_key") if isinstance(request, dict) else None
