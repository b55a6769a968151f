"""`/api/payments`: selling ducats, and telling where a payment stands."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from cascade_cli.domain.shop.money import CURRENCY
from cascade_cli.server.api.bodies import (
    CODE_PATTERN,
    CreatedIntent,
    CreatedSubscription,
    CreateIntent,
    IntentState,
    Pricing,
)
from cascade_cli.server.api.problems import Problem
from cascade_cli.server.api.public_status import PublicStatus
from cascade_cli.server.thread_pool import ThreadPool
from cascade_cli.services.selling.payment_sales import PaymentSales
from cascade_cli.services.selling.payment_status import PaymentStatuses
from cascade_cli.services.selling.price_quotes import PriceQuotes

DEADLINE_SECONDS = 25.0

# A request without a token is no error yet: anybody may ask where a payment stands.
_bearer = HTTPBearer(auto_error=False, description="CASCADE_API_TOKEN")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_Key = Annotated[
    str | None,
    Header(
        pattern=r"^[A-Za-z0-9_.:-]+$",
        max_length=200,
        description="The same key and purchase give the same PaymentIntent, for a day at least.",
    ),
]
_Currency = Annotated[str, Query(pattern=CODE_PATTERN, description="Three letters, such as EUR.")]
_IntentId = Annotated[
    str,
    Path(
        pattern=r"^pi_[A-Za-z0-9_]+(\.[1-9][0-9]{0,3})?$",
        max_length=255,
        description="A payment's id. With .3 after it: the third citizen's part of one for many.",
    ),
]


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's description: the statuses that come with a Problem."""
    return {status: {"model": Problem} for status in (*statuses, 408, 413, 422)}


def router(
    sales: PaymentSales,
    statuses: PaymentStatuses,
    price_quotes: PriceQuotes,
    token: str | None,
    thread_pool: ThreadPool,
) -> APIRouter:
    """The routes that people's browsers and the shop's backend call."""
    routes = APIRouter(prefix="/api/payments", tags=["payments"])
    public_status = PublicStatus(statuses.status_of, thread_pool, DEADLINE_SECONDS)

    @routes.post(
        "/create-payment-intent",
        responses=responses(400, 401, 409, 502, 503),
        dependencies=[_token_needed(token)],
    )
    async def create_payment_intent(
        wanted: CreateIntent, idempotency_key: _Key = None
    ) -> CreatedIntent:
        """Sell ducats to a citizen at the list's price: a PaymentIntent to be confirmed."""
        # Always with a key: the transport repeats a write only if it has one.
        key = idempotency_key or secrets.token_hex(16)
        intent, quote = await thread_pool.run(
            lambda: sales.sell(wanted.purchase(), key), DEADLINE_SECONDS
        )
        public_status.know(intent.id)
        return CreatedIntent.of(intent, quote)

    @routes.get("/payment-intent/{intent_id}", responses=responses(404, 429, 502, 503))
    async def payment_intent(intent_id: _IntentId, credentials: _Credentials) -> IntentState:
        """The status of a payment at Stripe and of its transfer in Venice; also for a payment of a
        subscription. Without the token, it answers 429 if callers ask for too many payments that
        this server does not know."""
        if token is not None and _is_shown(credentials, token):
            status = await thread_pool.run(lambda: statuses.status_of(intent_id), DEADLINE_SECONDS)
        else:
            status = await public_status.ask(intent_id)
        return IntentState.of(status)

    @routes.get("/pricing", responses=responses(400, 503))
    async def pricing(currency: _Currency = CURRENCY) -> Pricing:
        """The price list, in a currency that is offered."""
        return await thread_pool.run(
            lambda: Pricing.of(price_quotes, currency.lower()), DEADLINE_SECONDS
        )

    @routes.post(
        "/create-subscription",
        responses=responses(400, 401, 409, 502, 503),
        dependencies=[_token_needed(token)],
    )
    async def create_subscription(
        wanted: CreateIntent, idempotency_key: _Key = None
    ) -> CreatedSubscription:
        """Sell ducats to a citizen every month at today's price: a page to subscribe on."""
        key = idempotency_key or secrets.token_hex(16)
        page, quote = await thread_pool.run(
            lambda: sales.subscribe(wanted.purchase(), key), DEADLINE_SECONDS
        )
        return CreatedSubscription.of(wanted.citizen_id or "", page, quote)

    return routes


def _token_needed(token: str | None) -> Any:
    """Check the token before the purchase, so that a stranger does not learn what a purchase looks
    like."""

    async def has_token(credentials: _Credentials) -> None:
        _check_token(credentials, token)

    return Depends(has_token)


def _check_token(credentials: HTTPAuthorizationCredentials | None, token: str | None) -> None:
    if token is None:
        raise HTTPException(503, "Creating payments is disabled: CASCADE_API_TOKEN is not set.")
    if not _is_shown(credentials, token):
        raise HTTPException(
            401,
            "Creating payments needs the header Authorization: Bearer with the API token.",
            {"WWW-Authenticate": "Bearer"},
        )


def _is_shown(credentials: HTTPAuthorizationCredentials | None, token: str) -> bool:
    shown = credentials.credentials if credentials else ""
    # As bytes: `compare_digest` refuses text beyond ASCII, and a stranger may send any text.
    return hmac.compare_digest(shown.encode(), token.encode())
