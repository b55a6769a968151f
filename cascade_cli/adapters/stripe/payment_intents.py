"""PaymentIntents: what a citizen's browser confirms, and where a payment stands."""

from __future__ import annotations

from datetime import UTC, datetime

import stripe
from stripe.params import PaymentIntentCreateParams

from cascade_cli.adapters.stripe.allocations import Kept, nothing_kept
from cascade_cli.adapters.stripe.checkout_sessions import purchase_metadata
from cascade_cli.adapters.stripe.earlier_sales import intent_made_with, price_changed
from cascade_cli.adapters.stripe.errors import (
    KeyInUseError,
    KeyReusedError,
    fresh_keys,
    or_none,
    our_errors,
)
from cascade_cli.adapters.stripe.money_moved import with_refunds
from cascade_cli.adapters.stripe.purchase_parser import (
    is_ducat_purchase,
    is_paid,
    metadata_of,
    to_charges,
)
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.selling.sales import PaymentIntent, Sale
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.errors import AnswerError, RightsError

RIGHTS_HINT = (
    "Nothing was sold. A restricted key (rk_…) needs the right to write PaymentIntents: add it in "
    "the Stripe dashboard (Developers, API keys)."
)

_EXPANDED = ["latest_charge", "latest_charge.refunds"]


class PaymentIntents:
    """Makes and reads them. Raises only errors of cascade_cli.errors, and KeyReusedError."""

    def __init__(self, client: stripe.StripeClient, kept: Kept = nothing_kept) -> None:
        self._client, self._intents, self._kept = client, client.v1.payment_intents, kept

    def create(self, sale: Sale, key: str) -> PaymentIntent:
        """A new one for the sale; the same key and sale give the same one again. Raises
        KeyReusedError, saying so where only the price has changed."""
        try:
            with our_errors(), fresh_keys():
                made = self._intents.create(intent_params(sale), {"idempotency_key": key})
        except RightsError as error:
            raise RightsError(error.message, RIGHTS_HINT) from error
        except KeyInUseError:
            raise
        except KeyReusedError as error:
            raise self._price_changed(sale, key) or error from error
        if (made.amount, made.currency) != (sale.quote.amount_cents, sale.quote.currency):
            raise AnswerError(f"Stripe made {made.id} over another price than was asked for.")
        return self._intent_of(made)

    def _price_changed(self, sale: Sale, key: str) -> KeyReusedError | None:
        made = intent_made_with(self._client, key)
        with our_errors():
            earlier = or_none(lambda: self._intents.retrieve(made)) if made else None
        return price_changed(sale, earlier) if earlier else None

    def get(self, intent_id: str) -> PaymentIntent | None:
        """The one of that id, whatever it sells; None where there is none."""
        with our_errors():
            found = or_none(lambda: self._intents.retrieve(intent_id, {"expand": _EXPANDED}))
            return self._intent_of(found) if found else None

    def _intent_of(self, found: stripe.PaymentIntent) -> PaymentIntent:
        metadata = found.metadata.to_dict()
        return PaymentIntent(
            id=found.id,
            status=found.status,
            amount_cents=found.amount,
            currency=found.currency,
            created_at=datetime.fromtimestamp(found.created, UTC),
            metadata=metadata,
            client_secret=str(found.client_secret),
            charges=self._charges_of(found),
            is_purchase=is_ducat_purchase(metadata),
        )

    def _charges_of(self, found: stripe.PaymentIntent) -> tuple[Charge, ...]:
        """What a listing of charges would make of the paid one."""
        if not isinstance(found.latest_charge, stripe.Charge):
            return ()
        intent = {"id": found.id, "metadata": found.metadata.to_dict()}
        charge = {**found.latest_charge.to_dict(), "payment_intent": intent}
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
