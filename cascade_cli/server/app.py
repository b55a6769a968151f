"""The HTTP application: its routes, and the objects that they call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.types import ASGIApp

from cascade_cli import __version__
from cascade_cli.adapters.stripe.signature import EventGate
from cascade_cli.server import health, webhook
from cascade_cli.server.api import docs, payments, problems
from cascade_cli.server.health import Readiness
from cascade_cli.server.http.limits import LimitsMiddleware
from cascade_cli.server.metrics import LastFailure, Metrics
from cascade_cli.server.thread_pool import ThreadPool
from cascade_cli.server.webhook import BatchWriter
from cascade_cli.server.worker import EventWorker
from cascade_cli.services.selling.payment_sales import PaymentSales
from cascade_cli.services.selling.payment_status import PaymentStatuses
from cascade_cli.services.selling.price_quotes import PriceQuotes

DESCRIPTION = (
    "Sells ducats and credits them, each paid charge exactly once. Every answer that is not a "
    "success has the shape `Problem`."
)


@dataclass(frozen=True)
class AppState:
    """All that the routes need. Creating payments takes `token`, and is disabled if that is None.
    `health_thread_pool` answers questions about the server itself, so that they never wait for a
    payment. `complete` puts the global options into the commands in a text."""

    gate: EventGate
    batch_writer: BatchWriter
    worker: EventWorker
    sales: PaymentSales
    statuses: PaymentStatuses
    price_quotes: PriceQuotes
    token: str | None
    thread_pool: ThreadPool
    health_thread_pool: ThreadPool
    readiness: Readiness
    metrics: Metrics
    last_failure: LastFailure
    complete: Callable[[str], str] = str


def create_app(app_state: AppState) -> ASGIApp:
    """The application, wrapped in LimitsMiddleware."""
    api = FastAPI(
        title="CASCADE payments",
        version=__version__,
        description=DESCRIPTION,
        # Stripe follows no redirects, and the caller's Host header would decide where one leads.
        redirect_slashes=False,
        openapi_url=None,  # see docs.py
    )
    api.include_router(docs.router(api))
    problems.install(api, app_state.complete, app_state.last_failure.hear)
    api.include_router(
        payments.router(
            app_state.sales,
            app_state.statuses,
            app_state.price_quotes,
            app_state.token,
            app_state.thread_pool,
        )
    )
    api.include_router(
        webhook.router(
            app_state.gate, app_state.batch_writer, app_state.worker.wake, app_state.metrics
        )
    )
    api.include_router(
        health.router(app_state.readiness, app_state.metrics, app_state.health_thread_pool)
    )

    def crashed(error: Exception) -> None:
        app_state.metrics.failures.labels(type(error).__name__).inc()
        app_state.last_failure.hear(error)

    return LimitsMiddleware(
        api,
        answered=lambda route, status, seconds: app_state.metrics.requests.labels(
            route, str(status)
        ).observe(seconds),
        crashed=crashed,
    )
