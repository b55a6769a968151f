"""Checkout Sessions: Stripe's hosted pages on which citizens pay."""

from __future__ import annotations

from datetime import UTC, datetime

import stripe
from stripe.params.checkout import SessionCreateParams

from cascade_cli.adapters.stripe.allocations import allocation_metadata
from cascade_cli.adapters.stripe.errors import our_errors
from cascade_cli.adapters.stripe.purchases import (
    CITIZEN,
    CURRENCY_RATE,
    CURRENCY_RATE_DATE,
    DUCATS,
    GIFT_ANONYMOUS,
    GIFT_MESSAGE,
    GIVER,
    PACKAGE,
    PLATFORM,
    RATE,
    TYPE,
)
from cascade_cli.domain.checkout import Page, Sale
from cascade_cli.domain.gifts import Gift
from cascade_cli.domain.money import format_ducats, format_money
from cascade_cli.domain.pricing import Quote
from cascade_cli.errors import AnswerError, RightsError

RIGHTS_HINT = (
    "Nothing was sold. A restricted key (rk_…) needs the right to write Checkout Sessions: add it "
    "in the Stripe dashboard (Developers, API keys)."
)


class CheckoutPages:
    """Makes payable pages. Raises only errors of cascade_cli.errors."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._sessions = client.v1.checkout.sessions

    def create(self, sale: Sale, key: str) -> Page:
        """A page for the sale, open for a day; the same key never makes a second one."""
        try:
            with our_errors():
                session = self._sessions.create(session_params(sale), {"idempotency_key": key})
        except RightsError as error:
            raise RightsError(error.message, RIGHTS_HINT) from error
        _check(session, sale)
        return Page(
            id=session.id,
            url=str(session.url),
            expires_at=datetime.fromtimestamp(session.expires_at, UTC),
            livemode=session.livemode,
        )


def session_params(sale: Sale) -> SessionCreateParams:
    """One line item at the quoted price, and the metadata that the webhook credits by.

    The session's own metadata does not reach the PaymentIntent, so it is given twice: there for
    the credit, here for whoever looks at the session.
    """
    quote = sale.quote
    ducats = f"{format_ducats(quote.ducats, grouped=True)} ducats"
    metadata = purchase_metadata(sale)
    return {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": quote.currency,
                    "unit_amount": quote.amount_cents,
                    "product_data": {
                        "name": ducats,
                        "description": f"{quote.description}, for {sale.whom}",
                    },
                },
            }
        ],
        "payment_intent_data": {
            "metadata": metadata,
            "description": f"{ducats} for {sale.whom}",
        },
        "metadata": metadata,
        "success_url": sale.success_url,
        "cancel_url": sale.cancel_url,
    }


def purchase_metadata(sale: Sale) -> dict[str, str]:
    """What a PaymentIntent says of the ducats that it buys, all as text."""
    quote = sale.quote
    package = {PACKAGE: quote.package} if quote.package else {}
    one = {CITIZEN: sale.citizen, DUCATS: format_ducats(quote.ducats)}
    return {
        **(allocation_metadata(sale.allocation) if sale.allocation else one),
        RATE: str(quote.rate),
        **package,
        **_exchange(quote),
        **_gift(sale.gift),
        PLATFORM: "cascade",
        TYPE: "ducat_purchase",
    }


def _gift(gift: Gift | None) -> dict[str, str]:
    """Who gave it; Stripe takes no empty value."""
    if gift is None:
        return {}
    message = {GIFT_MESSAGE: gift.message} if gift.message else {}
    return {GIVER: gift.giver, **message, GIFT_ANONYMOUS: str(gift.anonymous).lower()}


def _exchange(quote: Quote) -> dict[str, str]:
    """By what a sale in another currency is judged later; nothing for US dollars."""
    if quote.exchange is None:
        return {}
    return {
        CURRENCY_RATE: quote.exchange.number,
        CURRENCY_RATE_DATE: quote.exchange.day.isoformat(),
    }


def _check(session: stripe.checkout.Session, sale: Sale) -> None:
    """A page that asks for another price, or cannot be visited, must not be handed on."""
    asked = (session.amount_total, session.currency)
    wanted = (sale.quote.amount_cents, sale.quote.currency)
    if asked != wanted or not str(session.url).startswith(("https://", "http://")):
        price = format_money(*wanted)
        raise AnswerError(
            f"Stripe made {session.id}, which is no page for {price}: {asked}, {session.url!r:.80}",
            "Nobody was sent there. Look at it in the Stripe dashboard.",
        )
