"""The pen that writes objects and events at one moment, on behalf of one request."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime

from cascade_cli.sandbox.stripe import ids
from cascade_cli.sandbox.stripe.errors import Document, no_such
from cascade_cli.sandbox.stripe.shelf import Shelf, encode

API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True)
class Cause:
    """The API request that made a change, as events show it; empty if none did."""

    request_id: str | None = None
    idempotency_key: str | None = None


class Ledger:
    """Writes to `shelf` as of the moment `at`."""

    def __init__(
        self, shelf: Shelf, source: random.Random, at: datetime, cause: Cause | None = None
    ) -> None:
        self.shelf = shelf
        self.created = int(at.timestamp())
        self._source = source
        self._cause = cause or Cause()

    def id(self, prefix: str) -> str:
        """A fresh id; the same seed may have drawn one in an earlier process."""
        id = ids.draw(self._source, prefix)
        while self.shelf.taken(id):
            id = ids.draw(self._source, prefix)
        return id

    def get(self, kind: str, id: str, param: str = "id", *, status: int = 400) -> Document:
        """The object, or the error naming the parameter that asked for it."""
        text = self.shelf.find(kind, id)
        if text is None:
            raise no_such(kind, id, param, status=status)
        document: Document = json.loads(text)
        return document

    def emit(self, type: str, text: str, previous: Document | None = None) -> None:
        """Record that something happened to the object whose JSON is `text`."""
        id = self.id("evt_3")
        before = "" if previous is None else f',"previous_attributes":{encode(previous)}'
        head = encode(
            {
                "id": id,
                "object": "event",
                "account": None,
                "api_version": API_VERSION,
                "context": None,
                "created": self.created,
                "livemode": False,
                "pending_webhooks": 0,
                "request": {
                    "id": self._cause.request_id,
                    "idempotency_key": self._cause.idempotency_key,
                },
                "type": type,
            }
        )
        event = f'{head[:-1]},"data":{{"object":{text}{before}}}}}'
        self.shelf.add_event(id, self.created, type, event)
