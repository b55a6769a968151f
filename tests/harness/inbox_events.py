"""Webhook events put into a journal's inbox, as `cascade serve` would."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.stripe_events import Event, EventState, Settlement
from tests.harness.shop_day import ShopDay

SERVER = Worker("run-serving", "here", os.getpid(), "cascade", "serve")


def keep(
    day: ShopDay, events: Iterable[Event], state: EventState, note: str = "", **hours: float
) -> None:
    """They were received an hour ago, or as said, and this became of them."""
    at = day.ago(**(hours or {"hours": 1}))
    listed = list(events)
    with closing(Database(f"sqlite:///{day.journal}")) as database:
        inbox = Inbox(database, SERVER, now=lambda: at)
        inbox.accept(listed)
        inbox.settle(Settlement(event.id, state, note, at) for event in listed)


def event(name: str, type_: str, payment_id: str | None, at: datetime) -> Event:
    """One that Stripe need not know."""
    return Event(
        id=name,
        type=type_,
        created_at=at,
        livemode=False,
        payment_id=payment_id,
        subjects=frozenset(),
        pending_webhooks=0,
        raw=b"{}",
    )
