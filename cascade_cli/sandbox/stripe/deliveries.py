"""Which events still have to be delivered to which webhook endpoint; stored, so none is lost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from cascade_cli.sandbox.stripe.errors import Document

SCHEMA = """
CREATE TABLE IF NOT EXISTS stripe_deliveries (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    due REAL,
    UNIQUE (event, endpoint)
);
CREATE INDEX IF NOT EXISTS stripe_deliveries_due
    ON stripe_deliveries (due, seq) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS stripe_undelivered ON stripe_deliveries (event) WHERE delivered = 0;
"""

INTERVALS_SECONDS = (1, 5, 30, 120, 600, 3600, 10_800)
"""How long after each failure the next attempt follows. Stripe waits for hours and gives up after
three days; here an outage of some minutes must be seen through while somebody watches."""
LEASE_SECONDS = 30
"""A sender that has not reported by then is taken for dead, and its delivery is due again."""

ENDPOINT = "webhook_endpoint"
SECRET = "sandbox.webhook_secret"  # noqa: S105 - the kind of an object, which holds one
UNDELIVERED = "id IN (SELECT event FROM stripe_deliveries WHERE delivered = 0)"
"""An SQL condition on rows of stripe_objects that are events."""


@dataclass(frozen=True)
class Delivery:
    """One attempt at a delivery: the event's stored text, the URL, and the signing secret."""

    seq: int
    attempt: int
    event: str
    text: str
    url: str
    secret: str


class Deliveries:
    """The deliveries, through one connection within a transaction. Moments are Unix seconds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def queue(self, events: Iterable[tuple[str, int, str]]) -> None:
        """Queue events (id, created, type) for every endpoint that wants them.

        An endpoint is not told of events from before it was registered.
        """
        endpoints = self._enabled()
        self._connection.executemany(
            "INSERT INTO stripe_deliveries (event, endpoint, due) VALUES (?, ?, ?)",
            [
                (id, endpoint["id"], created)
                for id, created, type in events
                for endpoint in endpoints
                if created >= endpoint["created"] and _wants(endpoint, type)
            ],
        )

    def pending(self, event: str) -> int:
        """How many endpoints have not accepted the event yet."""
        (number,) = self._connection.execute(
            "SELECT count(*) FROM stripe_deliveries WHERE event = ? AND delivered = 0", (event,)
        ).fetchone()
        return int(number)

    def is_due(self, now: float) -> bool:
        """Whether there is anything to claim."""
        query = "SELECT 1 FROM stripe_deliveries WHERE due <= ? LIMIT 1"
        return self._connection.execute(query, (now,)).fetchone() is not None

    def claim(self, now: float, limit: int) -> list[Delivery]:
        """Up to `limit` deliveries that are due; no other sender gets them until the lease ends."""
        rows = self._connection.execute(
            "SELECT seq, attempts, event, endpoint FROM stripe_deliveries"
            " WHERE due <= ? ORDER BY due, seq LIMIT ?",
            (now, limit),
        ).fetchall()
        return [delivery for row in rows if (delivery := self._claim(now, *row))]

    def _claim(
        self, now: float, seq: int, attempts: int, event: str, endpoint: str
    ) -> Delivery | None:
        target = json.loads(self._text(endpoint))
        if target["status"] != "enabled":
            # As at Stripe: a delivery that comes due while its endpoint is disabled is given up.
            self._schedule(seq, attempts, None)
            return None
        self._schedule(seq, attempts + 1, now + LEASE_SECONDS)
        secret = json.loads(self._text(secret_id(endpoint)))["secret"]
        return Delivery(seq, attempts + 1, event, self._text(event), target["url"], secret)

    def _schedule(self, seq: int, attempts: int, due: float | None) -> None:
        self._connection.execute(
            "UPDATE stripe_deliveries SET attempts = ?, due = ? WHERE seq = ?", (attempts, due, seq)
        )

    def finish(self, delivery: Delivery, now: float, *, delivered: bool) -> None:
        """Record how an attempt ended; after a failure, schedule the next one if any is left."""
        more = delivery.attempt <= len(INTERVALS_SECONDS) and not delivered
        due = now + INTERVALS_SECONDS[delivery.attempt - 1] if more else None
        # A sender that outlived its lease may report after another one has delivered.
        self._connection.execute(
            "UPDATE stripe_deliveries SET due = ?, delivered = ? WHERE seq = ? AND delivered = 0",
            (due, delivered, delivery.seq),
        )

    def drop(self, endpoint: str) -> None:
        """Drop what is undelivered for an endpoint that was deleted."""
        self._connection.execute(
            "DELETE FROM stripe_deliveries WHERE endpoint = ? AND delivered = 0", (endpoint,)
        )

    def _enabled(self) -> list[Document]:
        rows = self._connection.execute(
            "SELECT body FROM stripe_objects WHERE object = ? AND status = 'enabled'", (ENDPOINT,)
        )
        return [json.loads(text) for (text,) in rows]

    def _text(self, id: str) -> str:
        (text,) = self._connection.execute(
            "SELECT body FROM stripe_objects WHERE id = ?", (id,)
        ).fetchone()
        return str(text)


def secret_id(endpoint: str) -> str:
    """The id under which an endpoint's secret is kept. Stripe shows the secret only once."""
    return f"{endpoint}#secret"


def _wants(endpoint: Document, type: str) -> bool:
    return "*" in endpoint["enabled_events"] or type in endpoint["enabled_events"]
