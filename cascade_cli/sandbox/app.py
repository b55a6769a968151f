"""The three services as one HTTP application over one state file."""

from __future__ import annotations

import os
import random
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from cascade_cli.sandbox import airtable, stripe
from cascade_cli.sandbox.airtable import AirtableSandbox
from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import Mischief, StripeSandbox, WebhookSender
from cascade_cli.sandbox.venice import Engine, EngineRun, Residents, VeniceSandbox
from cascade_cli.sandbox.wire import Clock, Handler, Request, Response, json_response

NAME = "cascade sandbox"
SCHEMA = "CREATE TABLE IF NOT EXISTS sandbox_seeding (scenario TEXT NOT NULL, at TEXT NOT NULL);"

_CRASHED: dict[str, dict[str, Any]] = {
    "stripe": {"error": {"type": "api_error", "message": "An unknown error occurred."}},
    "airtable": {"error": {"type": "SERVER_ERROR", "message": "Internal server error"}},
    "venice": {"success": False, "error": "Internal server error"},
}


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class SandboxApp:
    """Stripe under `/stripe`, Airtable under `/airtable`, Venice under `/venice`.

    Rates are requests per second, None for no limit; `latency_seconds` is added to each request
    to a service; `mischief` is how webhooks go wrong. `crashes`
    holds the traceback of every request that ended in an unforeseen 500.
    """

    def __init__(
        self,
        state_path: Path | str,
        *,
        now: Clock = utc_now,
        airtable_rate: float | None = None,
        stripe_rate: float | None = None,
        latency_seconds: float = 0.0,
        monthly_quota: int | None = None,
        mischief: Mischief | None = None,
        random: random.Random | None = None,
    ) -> None:
        self.state_path = state_path
        self.now = now
        self.random = random or _fresh_random()
        self.crashes: list[str] = []
        self.store = Store(state_path, SCHEMA, stripe.SCHEMA, airtable.SCHEMA)
        self.stripe = StripeSandbox(
            self.store, now, rate_per_second=stripe_rate, random=self.random
        )
        self.webhooks = WebhookSender(self.store, now, self.random, mischief)
        self.airtable = AirtableSandbox(
            self.store,
            now,
            rate_per_second=airtable_rate,
            monthly_quota=monthly_quota,
            random=self.random,
        )
        self.engine = Engine(self.airtable.tables, now)
        self.residents = Residents(self.airtable.tables, now)
        self.venice = VeniceSandbox(self.airtable.tables, now)
        self.engine_requests = self.engine_refused = 0
        self._engine_seconds = 2 / airtable_rate if airtable_rate else 0.0
        self._latency_seconds = latency_seconds
        self._rates = {"stripe": stripe_rate, "airtable": airtable_rate}
        self._services: dict[str, Handler] = {
            "stripe": self.stripe.handle,
            "airtable": self.airtable.handle,
            "venice": self.venice.handle,
        }

    def handle(self, request: Request) -> Response:
        """Answer one request, whatever happens."""
        name = request.path.split("/")[1] if request.path.startswith("/") else ""
        if name in self._services:
            response = self._dated(self._serve(name, request.below(f"/{name}")))
            # Sleep only now: a service counts a request when it arrives, however long it takes.
            if self._latency_seconds:
                time.sleep(self._latency_seconds)
            return response
        if request.path == "/healthz":
            return json_response(200, self.identity())
        return json_response(404, {"error": f"nothing is served at {request.path}"})

    def run_engine(self) -> EngineRun:
        """One run that asks Airtable as the live engine does: each request takes its time, counts
        against the base's rate, and may be refused like anybody's. Alone, it needs half of the
        rate."""
        return self.engine.run(ask=self._ask_for_the_engine)

    def _ask_for_the_engine(self) -> None:
        self.engine_requests += 1
        try:
            self.airtable.count_another_s()
        except Refusal:
            self.engine_refused += 1
            raise
        finally:
            time.sleep(max(self._latency_seconds, self._engine_seconds))

    def identity(self) -> dict[str, Any]:
        """What `/healthz` tells: who answers, from which process, over which state, how many
        requests a second each service allows, and how many of the engine's were refused."""
        state = str(Path(self.state_path).resolve())
        engine = {"requests": self.engine_requests, "refused": self.engine_refused}
        told = {"name": NAME, "pid": os.getpid(), "state": state, "rates": self._rates}
        return {**told, "engine": engine}

    def close(self) -> None:
        """Let go of the state file."""
        self.store.close()

    def _dated(self, response: Response) -> Response:
        """A service dates its answers by its own clock."""
        date = {"Date": format_datetime(self.now(), usegmt=True)}
        return replace(response, headers={**date, **response.headers})

    def _serve(self, name: str, request: Request) -> Response:
        try:
            return self._services[name](request)
        except Exception:  # noqa: BLE001 - a client must get an answer, and a test the traceback
            self.crashes.append(traceback.format_exc())
            return json_response(500, _CRASHED[name])


def _fresh_random() -> random.Random:
    return random.Random()
