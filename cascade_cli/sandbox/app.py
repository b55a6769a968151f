"""The three services as one HTTP application over one state file."""

from __future__ import annotations

import os
import time
import traceback
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any

from cascade_cli.sandbox import airtable, faults, stripe
from cascade_cli.sandbox.airtable import AirtableSandbox
from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.clock import utc_now
from cascade_cli.sandbox.faults import Faults
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


class SandboxApp:
    """Stripe under `/stripe`, Airtable under `/airtable`, Venice under `/venice`.

    Rates are requests per second; None means no limit. `latency_seconds` is added to each request
    to a service. `mischief` says how webhook deliveries go wrong. `crashes` collects the traceback
    of every request, engine run or delivery that ended in an unexpected exception.
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
        random: Random | None = None,
    ) -> None:
        self.state_path = state_path
        self.now = now
        self.random = random or Random()
        self.crashes: list[str] = []
        self.store = Store(state_path, SCHEMA, faults.SCHEMA, stripe.SCHEMA, airtable.SCHEMA)
        self.faults = Faults(self.store)
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
        """Answer one request; an exception in a service goes to `crashes` and becomes a 500.

        Raises ConnectionResetError where a story wants no answer.
        """
        name = request.path.split("/")[1] if request.path.startswith("/") else ""
        if name in self._services:
            below = request.below(f"/{name}")
            response = self._dated(
                self.faults.answer(name, below, lambda: self._serve(name, below))
            )
            # Sleep last: a service counts a request when it arrives, not when it answers.
            if self._latency_seconds:
                time.sleep(self._latency_seconds)
            return response
        if request.path == "/healthz":
            return json_response(200, self.identity())
        return json_response(404, {"error": f"nothing is served at {request.path}"})

    def run_engine(self) -> EngineRun:
        """Run the engine once, with the load that the live engine puts on Airtable.

        Each request takes time, counts against the base's rate and may be refused like any other.
        By itself the engine uses half of the rate.
        """
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
        """The document of `/healthz`.

        It has the program's name, process id and state file, the requests per second that each
        service allows (None: no limit), and how many requests the engine made and had refused.
        """
        state = str(Path(self.state_path).resolve())
        engine = {"requests": self.engine_requests, "refused": self.engine_refused}
        told = {"name": NAME, "pid": os.getpid(), "state": state, "rates": self._rates}
        return {**told, "engine": engine}

    def close(self) -> None:
        """Close the state file."""
        self.store.close()

    def _dated(self, response: Response) -> Response:
        """Add a Date header by the sandbox's own clock, which may run ahead or behind."""
        date = {"Date": format_datetime(self.now(), usegmt=True)}
        return replace(response, headers={**date, **response.headers})

    def _serve(self, name: str, request: Request) -> Response:
        try:
            return self._services[name](request)
        except Exception:  # noqa: BLE001 - a client must get an answer, and a test the traceback
            self.crashes.append(traceback.format_exc())
            return json_response(500, _CRASHED[name])
