"""Whether everything that a payment needs is working, checked with few requests; and the routes
`/healthz`, `/readyz` and `/metrics`, for supervisors, people and Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from cascade_cli.adapters.http.transport import Transport
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import CascadeError, JournalError
from cascade_cli.server.api.payments import responses
from cascade_cli.server.metrics import Metrics
from cascade_cli.server.thread_pool import ThreadPool
from cascade_cli.server.worker import EventWorker
from cascade_cli.services.events.intake import SHORT_OF_DUCATS

# Requests to Airtable cost money: after an answer, a service is not asked again for this long.
WELL_FOR = timedelta(seconds=60)
ILL_FOR = timedelta(seconds=5)
PROBE_SECONDS = 1.5
# Retries get over a passing fault sooner than this. After it, somebody should look.
LATE_AFTER = timedelta(minutes=5)
DEADLINE_SECONDS = 10.0
_UNREADY = 503


@dataclass(frozen=True)
class ReadinessPart:
    """One thing that is needed: whether it is well, why not, as of when, and what else is known."""

    ok: bool
    why: str = ""
    as_of: datetime | None = None
    facts: Mapping[str, object] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """For JSON."""
        as_of = {"as_of": rfc3339(self.as_of)} if self.as_of else {}
        return {"ok": self.ok, **({"why": self.why} if self.why else {}), **as_of, **self.facts}


class Probe:
    """One service: what its last answer showed. If that is old, the probe asks the service."""

    def __init__(
        self, transport: Transport, ask: Callable[[], object], now: Callable[[], datetime]
    ) -> None:
        self._transport, self._ask, self._now = transport, ask, now
        self._asking: threading.Thread | None = None
        self._lock = threading.Lock()

    def part(self) -> ReadinessPart:
        """May take as long as PROBE_SECONDS."""
        if not self._is_fresh():
            self._look()
        sign = self._transport.last_sign
        if sign is None:
            return ReadinessPart(ok=False, why=f"no answer within {PROBE_SECONDS} s")
        if sign.trouble or self._now() - sign.at <= WELL_FOR:
            return ReadinessPart(ok=not sign.trouble, why=sign.trouble, as_of=sign.at)
        return ReadinessPart(ok=False, why="no answer any more", as_of=sign.at)

    def _is_fresh(self) -> bool:
        sign = self._transport.last_sign
        if sign is None:
            return False
        return self._now() - sign.at <= (ILL_FOR if sign.trouble else WELL_FOR)

    def _look(self) -> None:
        """Ask, unless a request is under way: a service that is down may take long to fail."""
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._try, name="probe", daemon=True)
                self._asking.start()
            asking = self._asking
        asking.join(PROBE_SECONDS)

    def _try(self) -> None:
        try:
            self._ask()
        except CascadeError:
            return  # the transport has seen it


class Readiness:
    """All parts together."""

    def __init__(
        self,
        inbox: Inbox,
        worker: EventWorker,
        stripe: Probe,
        airtable: Probe,
        now: Callable[[], datetime],
        *,
        base_id: str,
        complete: Callable[[str], str] = str,
    ) -> None:
        self._inbox, self._worker, self._now = inbox, worker, now
        self._complete, self._base_id = complete, base_id
        self._stripe, self._airtable = stripe, airtable

    def parts(self) -> dict[str, ReadinessPart]:
        """By name; may take as long as both probes."""
        parts = {
            "journal": self._journal(),
            "stripe": self._stripe.part(),
            "airtable": self._airtable.part(),
            "worker": self._crediting(),
            "events": self._events(),
        }
        return {name: replace(p, why=self._complete(p.why)) for name, p in parts.items()}

    def stock(self) -> dict[str, object]:
        """How many events are in each state, and how long the oldest has waited."""
        counts = {state.value: number for state, number in self._inbox.counts().items()}
        oldest = self._inbox.oldest_waiting()
        age = (self._now() - oldest).total_seconds() if oldest else 0.0
        return {"counts": counts, "oldest_waiting_seconds": round(age, 3)}

    def _journal(self) -> ReadinessPart:
        """Write to the journal, because it has to take events: accept an empty list."""
        try:
            self._inbox.accept([])
        except JournalError as error:
            return ReadinessPart(ok=False, why=error.message)
        return ReadinessPart(ok=True)

    def _crediting(self) -> ReadinessPart:
        """Whether crediting works, in this process or another."""
        facts = self._leader()
        if not self._worker.is_alive:
            return ReadinessPart(ok=False, why="it has ended", facts=facts)
        if pause := self._worker.pause:
            why = f"{pause.kind}: {pause.why}"
            return ReadinessPart(ok=False, why=why, as_of=pause.since, facts=facts)
        return ReadinessPart(ok=True, facts=facts)

    def _leader(self) -> dict[str, object]:
        """Which process credits; empty if none does, or if the journal cannot be read."""
        try:
            leader = self._inbox.worker(self._base_id)
        except JournalError:
            return {}
        if leader is None:
            return {}
        since = rfc3339(datetime.fromisoformat(leader.since))
        here = {"here": self._worker.leads}
        return {"host": leader.host, "pid": leader.pid, "since": since, **here}

    def _events(self) -> ReadinessPart:
        try:
            oldest, counts = self._inbox.oldest_waiting(), self._inbox.counts()
            short = self._inbox.waiting_because(SHORT_OF_DUCATS)
            due, since = self._inbox.due_since()
        except JournalError as error:
            return ReadinessPart(ok=False, why=error.message)
        number = counts[EventState.WAITING]
        behind = round((self._now() - since).total_seconds(), 3) if since else 0.0
        facts = {"waiting": number, "due": due, "oldest_due_seconds": behind}
        if short:
            return ReadinessPart(
                ok=False, why=f"{SHORT_OF_DUCATS}; {short} wait for it", facts=facts
            )
        if oldest and self._now() - oldest > LATE_AFTER:
            why = f"{number} wait, the oldest since {rfc3339(oldest)}"
            return ReadinessPart(ok=False, why=why, facts=facts)
        return ReadinessPart(ok=True, facts=facts)


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
    @routes.get(
        "/readyz",
        responses={
            **responses(),
            503: {"description": "Not ready; each part says why."},
        },
    )
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
