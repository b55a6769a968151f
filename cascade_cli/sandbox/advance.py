"""Lets time pass in the sandbox. Everything that falls due on the way happens at its moment.

Venice's engine runs three times a day, and the city's morning job once. At Stripe, open pages and
holds expire, subscriptions renew, and disputes that nobody answered are lost. If the date alone
decides, as for a stratagem's expiry, there is nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.clock import SandboxClock
from cascade_cli.sandbox.seed.window import RUN_TIMES, run_after
from cascade_cli.sandbox.stripe import StripeError
from cascade_cli.sandbox.stripe.objects import Objects, Query

LONGEST = timedelta(days=366)
MORNING = (time(8),)
"""When the city pays stipends and deletes old notifications, in Venice's time."""
NOTICES_KEPT = timedelta(days=14)
HOLD_LASTS = timedelta(days=7)
INQUIRY_LASTS = timedelta(days=120)
_UNANSWERED = ("needs_response", "appeal_needs_response")
_INQUIRIES = ("warning_needs_response", "warning_under_review")


@dataclass(frozen=True)
class Happening:
    """Something that happened, to Stripe's object `id` or to Venice.

    `executed` and `failed` are the StratagemIds of one engine run.
    """

    at: datetime
    what: str
    text: str
    id: str | None = None
    executed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether this was an engine run that found nothing to do."""
        return self.what == "engine" and not self.executed and not self.failed


Act = Callable[[datetime], Happening | None]


@dataclass(frozen=True)
class _Due:
    at: datetime
    key: str
    act: Act


class Advance:
    """Advances the sandbox of `app`, which goes by `clock`.

    If `engine` is false, Venice's engine does not run, and stratagems expire.
    """

    def __init__(self, app: SandboxApp, clock: SandboxClock, *, engine: bool = True) -> None:
        self._app, self._clock, self._engine = app, clock, engine
        self._account = app.stripe.account
        self._refused: set[str] = set()

    def by(self, span: timedelta) -> Generator[Happening, None, None]:
        """Yield what happens. The clock shows the moment of each, and at last the end of the span.

        If the caller stops early, the clock stays at the last moment that it showed.
        """
        began, shift = self._clock(), self._clock.shift + span
        end, daily = began + span, self._daily(began)
        while due := self._next(end, daily):
            # Move the clock first, so that nothing is dated in the future.
            self._move(due.at)
            if due.key in daily:
                daily[due.key] = _daily_after(due.key, due.at)
            happening = self._carried_out(due)
            if happening:
                yield happening
        self._clock.set_shift(max(shift, self._clock.shift))

    def _carried_out(self, due: _Due) -> Happening | None:
        try:
            return due.act(due.at)
        except StripeError as error:
            self._refused.add(due.key)
            return Happening(due.at, "refused", f"Stripe refused it: {error}", due.key)

    def _move(self, moment: datetime) -> None:
        self._clock.set(max(moment, self._clock()))

    def _daily(self, began: datetime) -> dict[str, datetime]:
        names = ("engine", "morning") if self._engine else ("morning",)
        return {name: _daily_after(name, began) for name in names}

    def _next(self, end: datetime, daily: dict[str, datetime]) -> _Due | None:
        """The earliest thing that is due by `end`. If it is overdue, it is due now."""
        acts = {"engine": self._run_engine, "morning": self._begin_day}
        known = [_Due(at, name, acts[name]) for name, at in daily.items()]
        known += [due for due in self._at_stripe(end) if due.key not in self._refused]
        due = min((due for due in known if due.at <= end), key=lambda due: due.at, default=None)
        if due is None:
            return None
        return _Due(max(due.at, self._clock()), due.key, due.act)

    def _run_engine(self, at: datetime) -> Happening:
        ran = self._app.engine.run()
        text = f"the engine executed {len(ran.executed)} stratagems; {len(ran.failed)} failed"
        return Happening(at, "engine", text, executed=tuple(ran.executed), failed=tuple(ran.failed))

    def _begin_day(self, at: datetime) -> Happening | None:
        paid = self._app.residents.pay_stipends()
        gone = self._delete_notices(at - NOTICES_KEPT)
        said = [f"{len(paid)} Innovatori got their stipend"] if paid else []
        said += [f"{gone} old notifications were deleted"] if gone else []
        return Happening(at, "morning", ", ".join(said)) if said else None

    def _delete_notices(self, before: datetime) -> int:
        tables = self._app.airtable.tables
        old = [
            row["id"]
            for row in tables.select("NOTIFICATIONS")
            if datetime.fromisoformat(row["createdTime"]) < before
        ]
        with self._app.store.write():
            for id in old:
                tables.delete("NOTIFICATIONS", id)
        return len(old)

    def _at_stripe(self, end: datetime) -> Iterator[_Due]:
        with self._app.store.read() as connection:
            objects = Objects(connection)
            pages = objects.overdue(int(end.timestamp()))
            subscriptions = _all(objects, "subscription", "active", "past_due")
            disputes = _all(objects, "dispute", *_UNANSWERED, *_INQUIRIES)
            holds = _all(objects, "payment_intent", "requires_capture")
        for id, expires_at in pages:
            yield _Due(_moment(expires_at), id, self._expire_page(id))
        for subscription in subscriptions:
            yield self._of_subscription(subscription)
        for dispute in disputes:
            yield self._of_dispute(dispute)
        for hold in holds:
            at = _moment(hold["created"]) + HOLD_LASTS
            yield _Due(at, hold["id"], self._expire_hold(hold["id"]))

    def _expire_page(self, id: str) -> Act:
        def act(at: datetime) -> Happening:
            self._account.expire_checkout(id, at=at)
            return Happening(at, "page_expired", f"the page {id} expired unpaid", id)

        return act

    def _expire_hold(self, id: str) -> Act:
        def act(at: datetime) -> Happening:
            self._account.cancel(id, at=at, reason="automatic")
            text = f"the hold of {id} expired, and its money was released"
            return Happening(at, "hold_expired", text, id)

        return act

    def _of_subscription(self, subscription: dict[str, Any]) -> _Due:
        id, account = subscription["id"], self._account
        pause = subscription["pause_collection"] or {}
        ends = _moment(subscription["items"]["data"][0]["current_period_end"])

        def resume(at: datetime) -> Happening:
            account.update_subscription(id, at=at, pause_collection=None)
            return Happening(at, "subscription_resumed", f"{id} resumed", id)

        def cancel(at: datetime) -> Happening:
            account.cancel_subscription(id, at=at)
            return Happening(at, "subscription_ended", f"{id} ended with its period", id)

        def renew(at: datetime) -> Happening:
            invoice = account.renew(id, at=at)
            text = f"{id} renewed: invoice {invoice['id']} is {invoice['status']}"
            return Happening(at, "subscription_renewed", text, id)

        resumes_at = pause.get("resumes_at")
        if resumes_at is not None and _moment(resumes_at) <= ends:
            return _Due(_moment(resumes_at), id, resume)
        return _Due(ends, id, cancel if subscription["cancel_at_period_end"] else renew)

    def _of_dispute(self, dispute: dict[str, Any]) -> _Due:
        id, asks = dispute["id"], dispute["status"] in _INQUIRIES
        status = "warning_closed" if asks else "lost"
        why = "120 days passed" if asks else "nobody answered in time"
        at = (
            _moment(dispute["created"]) + INQUIRY_LASTS
            if asks
            else _moment(dispute["evidence_details"]["due_by"])
        )

        def close(at: datetime) -> Happening:
            self._account.turn_dispute(id, at=at, status=status)
            return Happening(at, "dispute_closed", f"{id} is {status}: {why}", id)

        return _Due(at, id, close)


def _all(objects: Objects, kind: str, *statuses: str) -> list[dict[str, Any]]:
    marks = ", ".join("?" * len(statuses))
    found = objects.all(Query(kind).where(f"status IN ({marks})", *statuses))
    return [json.loads(text) for text in reversed(found)]


def _daily_after(name: str, moment: datetime) -> datetime:
    return run_after(moment, RUN_TIMES if name == "engine" else MORNING)


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
