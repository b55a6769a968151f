"""Checkout Sessions: Stripe's hosted pages on which citizens pay."""

from __future__ import annotations

from datetime import UTC, datetime

import stripe
from stripe.params.checkout import (
    SessionCreateParams,
    SessionCreateParamsLineItemPriceData,
)

from cascade_cli.adapters.stripe.client import fresh_keys, translated_errors
from cascade_cli.adapters.stripe.invoice_metadata import SOLD_ON
from cascade_cli.adapters.stripe.purchase_parser import (
    CITIZEN,
    CURRENCY_RATE,
    CURRENCY_RATE_DATE,
    DUCATS,
    GIFT_ANONYMOUS,
    GIFT_MESSAGE,
    GIVER,
    OUR_PLATFORM,
    OUR_TYPE,
    PACKAGE,
    PLATFORM,
    RATE,
    TYPE,
    allocation_metadata,
)
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.selling.invoiced_ducats import Good, product_id
from cascade_cli.domain.selling.pricing import Quote
from cascade_cli.domain.selling.sales import PayPage, Sale
from cascade_cli.domain.shop.money import format_ducats, format_money
from cascade_cli.errors import AnswerError, RightsError

RIGHTS_HINT = (
    "Nothing was sold. A restricted key (rk_…) needs the right to write Checkout Sessions, and for "
    "monthly sales also Products: add it in the Stripe dashboard (Developers, API keys)."
)
_EXISTS = "resource_already_exists"


class CheckoutPages:
    """Makes payable pages. Raises only errors of cascade_cli.errors."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._sessions, self._products = client.v1.checkout.sessions, client.v1.products

    def create(self, sale: Sale, key: str) -> PayPage:
        """A page for the sale, open for a day; the same key never makes a second one."""
        try:
            with translated_errors(), fresh_keys():
                if sale.monthly_from:
                    self._offer(sale.quote)
                session = self._sessions.create(session_params(sale), {"idempotency_key": key})
        except RightsError as error:
            raise RightsError(error.message, RIGHTS_HINT) from error
        _check(session, sale)
        return PayPage(
            id=session.id,
            url=str(session.url),
            expires_at=datetime.fromtimestamp(session.expires_at, UTC),
            livemode=session.livemode,
        )

    def _offer(self, quote: Quote) -> None:
        """Make the product, if it does not exist. Its id tells every invoice how many ducats it
        sells; all subscribers share it."""
        id_ = product_id(_good(quote))
        try:
            # Stripe refuses to make a second product with the same id.
            self._products.create({"id": id_, "name": _ducats(quote)})
        except stripe.InvalidRequestError as error:
            if error.code != _EXISTS:
                raise


def session_params(sale: Sale) -> SessionCreateParams:
    """One line item at the quoted price, and the metadata that the webhook credits by.

    Stripe does not copy a session's metadata to its PaymentIntent or subscription. So it is given
    twice: there for the credit, and here for people who look at the session.
    """
    metadata = purchase_metadata(sale)
    return {
        "line_items": [{"quantity": 1, "price_data": _price(sale)}],
        "metadata": metadata,
        "success_url": sale.success_url,
        "cancel_url": sale.cancel_url,
        **(_every_month(sale, metadata) if sale.monthly_from else _once(sale, metadata)),
    }


def _price(sale: Sale) -> SessionCreateParamsLineItemPriceData:
    quote = sale.quote
    if sale.monthly_from:
        return {
            "currency": quote.currency,
            "unit_amount": quote.amount_cents,
            "product": product_id(_good(quote)),
            "recurring": {"interval": "month"},
        }
    return {
        "currency": quote.currency,
        "unit_amount": quote.amount_cents,
        "product_data": {
            "name": _ducats(quote),
            "description": f"{quote.description}, for {sale.whom}",
        },
    }


def _once(sale: Sale, metadata: dict[str, str]) -> SessionCreateParams:
    return {
        "mode": "payment",
        # The metadata of a session does not reach its payment, nor the charge.
        "payment_intent_data": {
            "metadata": metadata,
            "description": f"{_ducats(sale.quote)} for {sale.whom}",
        },
    }


def _every_month(sale: Sale, metadata: dict[str, str]) -> SessionCreateParams:
    """Leave the ducats out of the metadata: if the plan changes later, its product tells them."""
    told = {name: value for name, value in metadata.items() if name != DUCATS}
    sold_on = sale.monthly_from.isoformat() if sale.monthly_from else ""
    return {
        "mode": "subscription",
        "subscription_data": {
            "metadata": {**told, SOLD_ON: sold_on},
            "description": f"{_ducats(sale.quote)} a month for {sale.whom}",
        },
    }


def _good(quote: Quote) -> Good:
    return Good(quote.ducats_paid, quote.bonus)


def _ducats(quote: Quote) -> str:
    return f"{format_ducats(quote.ducats, grouped=True)} ducats"


def purchase_metadata(sale: Sale) -> dict[str, str]:
    """What a PaymentIntent's metadata says about the ducats that it buys, all as text."""
    quote = sale.quote
    package = {PACKAGE: quote.package} if quote.package else {}
    one = {CITIZEN: sale.citizen, DUCATS: format_ducats(quote.ducats)}
    return {
        **(allocation_metadata(sale.allocation) if sale.allocation else one),
        RATE: str(quote.rate),
        **package,
        **_exchange(quote),
        **_gift(sale.gift),
        PLATFORM: OUR_PLATFORM,
        TYPE: OUR_TYPE,
    }


def _gift(gift: Gift | None) -> dict[str, str]:
    """The giver's name and message. Stripe accepts no empty value."""
    if gift is None:
        return {}
    message = {GIFT_MESSAGE: gift.message} if gift.message else {}
    return {GIVER: gift.giver, **message, GIFT_ANONYMOUS: str(gift.anonymous).lower()}


def _exchange(quote: Quote) -> dict[str, str]:
    """The exchange rate by which a sale is judged later; empty for a sale in US dollars."""
    if quote.exchange is None:
        return {}
    return {
        CURRENCY_RATE: quote.exchange.number,
        CURRENCY_RATE_DATE: quote.exchange.day.isoformat(),
    }


def _check(session: stripe.checkout.Session, sale: Sale) -> None:
    """Raise AnswerError for a page that asks for another price or cannot be visited."""
    asked = (session.amount_total, session.currency)
    wanted = (sale.quote.amount_cents, sale.quote.currency)
    if asked != wanted or not str(session.url).startswith(("https://", "http://")):
        price = format_money(*wanted)
        raise AnswerError(
            f"Stripe made {session.id}, but not a page for {price}: {asked}, {session.url!r:.80}",
            "Nobody was sent there. Look at the session in the Stripe dashboard.",
        )
