"""`/healthz`, `/readyz` and `/metrics`: for supervisors, people and Prometheus."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from cascade_cli.errors import JournalError
from cascade_cli.server.api.payments import responses
from cascade_cli.server.metrics import Metrics
from cascade_cli.server.readiness import Readiness
from cascade_cli.server.thread_pool import ThreadPool

DEADLINE_SECONDS = 10.0
_UNREADY = 503


def router(readiness: Readiness, metrics: Metrics, thread_pool: ThreadPool) -> APIRouter:
    """The routes about the server itself."""
    routes = APIRouter(tags=["server"])

    # Many supervisors ask by HEAD.
    @routes.head("/healthz", include_in_schema=False)
    @routes.get("/healthz", responses=responses())
    async def healthz() -> dict[str, str]:
        """The process answers. Use this one for routing: webhooks are kept whatever is down."""
        return {"status": "ok"}

    @routes.head("/readyz", include_in_schema=False)
    @routes.get("/readyz", responses={**responses(), 503: {"description": "Something is out."}})
    async def readyz() -> JSONResponse:
        """Whether journal, Stripe, Airtable and crediting work, and how long events have waited."""
        document = await thread_pool.run(lambda: _document(readiness), DEADLINE_SECONDS)
        return JSONResponse(document, 200 if document["ready"] else _UNREADY)

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={**responses(503), 200: {"content": {CONTENT_TYPE_LATEST: {}}}},
    )
    async def page() -> Response:
        """For Prometheus."""
        text = await thread_pool.run(metrics.page, DEADLINE_SECONDS)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes


def _document(readiness: Readiness) -> dict[str, Any]:
    parts = readiness.parts()
    try:
        stock = readiness.stock()
    except JournalError:
        stock = {}
    return {
        "ready": all(part.ok for part in parts.values()),
        "parts": {name: part.document() for name, part in parts.items()},
        "events": stock,
    }
