"""`/api/payments/create-subscription`: selling ducats every month."""

from __future__ import annotations

import secrets
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from cascade_cli.domain.selling.pricing import Quote
from cascade_cli.domain.selling.sales import PayPage
from cascade_cli.server.api.bodies import CURRENCY_RATE_MEANING, CreateIntent, Ducats, Moment
from cascade_cli.server.api.payments import DEADLINE_SECONDS, Key, responses, token_needed
from cascade_cli.server.thread_pool import Offload
from cascade_cli.services.selling.subscription_service import SubscriptionService


class CreatedSubscription(BaseModel):
    """Stripe's page on which the buyer subscribes; nothing is sold before."""

    checkout_session: str
    url: str = Field(description="To send the buyer to.")
    expires_at: Moment
    amount_cents: int = Field(description="A month.")
    currency: str
    citizen_id: str
    ducat_amount: Ducats
    bonus_ducats: Ducats
    exchange_rate: str
    currency_rate: str | None = Field(description=CURRENCY_RATE_MEANING)
    currency_rate_date: date | None
    package: str | None

    @classmethod
    def of(cls, citizen: str, page: PayPage, quote: Quote) -> CreatedSubscription:
        """From the service's answer."""
        return cls(
            checkout_session=page.id,
            url=page.url,
            expires_at=page.expires_at,
            amount_cents=quote.amount_cents,
            currency=quote.currency,
            citizen_id=citizen,
            ducat_amount=quote.ducats,
            bonus_ducats=quote.bonus,
            exchange_rate=str(quote.rate),
            currency_rate=quote.exchange.number if quote.exchange else None,
            currency_rate_date=quote.exchange.day if quote.exchange else None,
            package=quote.package,
        )


def router(service: SubscriptionService, token: str | None, offload: Offload) -> APIRouter:
    """The route that the shop's backend calls."""
    routes = APIRouter(prefix="/api/payments", tags=["payments"])

    @routes.post(
        "/create-subscription",
        responses=responses(400, 401, 409, 502, 503),
        dependencies=[token_needed(token)],
    )
    async def create_subscription(
        wanted: CreateIntent, idempotency_key: Key = None
    ) -> CreatedSubscription:
        """Sell ducats to a citizen every month at today's price: a page to subscribe on."""
        key = idempotency_key or secrets.token_hex(16)
        page, quote = await offload.run(
            lambda: service.sell(wanted.purchase(), key), DEADLINE_SECONDS
        )
        return CreatedSubscription.of(wanted.citizen_id or "", page, quote)

    return routes
