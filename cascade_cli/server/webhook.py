"""`POST /api/payments/webhook`: let in what Stripe signed, keep it, and only then say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request

from cascade_cli.adapters.stripe.signature import EventGate, RefusedEventError
from cascade_cli.server.api.bodies import Received
from cascade_cli.server.api.payments import responses
from cascade_cli.server.batch_writer import BatchWriter
from cascade_cli.server.metrics import Metrics

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "An event, byte for byte as Stripe signed it; at most 1 MiB.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def router(
    gate: EventGate, batch_writer: BatchWriter, wake: Callable[[], None], metrics: Metrics
) -> APIRouter:
    """The one route that Stripe calls."""
    routes = APIRouter(prefix="/api/payments", tags=["webhook"])

    @routes.post("/webhook", responses=responses(400, 503), openapi_extra=_BODY)
    async def receive(
        request: Request, stripe_signature: Annotated[str, Header()] = ""
    ) -> Received:
        """Keep an event. 200 means that it is on disk; anything else, that Stripe should send it
        again or that it was not Stripe who called."""
        try:
            event = gate.admit(await request.body(), stripe_signature)
        except RefusedEventError as error:
            metrics.refused.labels(error.refusal.value).inc()
            raise
        new = await batch_writer.keep(event)
        if new and event.is_paying:
            wake()
        return Received(new=new)

    return routes
