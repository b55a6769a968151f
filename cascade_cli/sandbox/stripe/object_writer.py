"""Writes the objects and events of one request, all as of one moment."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cascade_cli.sandbox.stripe import ids
from cascade_cli.sandbox.stripe.errors import Document, no_such
from cascade_cli.sandbox.stripe.objects import ObjectRow, Objects, Query, encode, event_row, row

API_VERSION = "2026-10-28.endive"


Settlement = Mapping[str, tuple[str, float]]
"""For each currency that the account does not hold: the one it is exchanged into, and the rate."""


@dataclass(frozen=True)
class Cause:
    """The API request that caused a change, as events show it; empty if no request did."""

    request_id: str | None = None
    idempotency_key: str | None = None


class ObjectWriter:
    """Collects new and changed objects as of the moment `at`, and writes them when flushed.

    A payment passes through several states within one request; only the last one is written.
    """

    def __init__(
        self,
        objects: Objects,
        source: random.Random,
        at: datetime,
        cause: Cause | None = None,
        settlement: Settlement | None = None,
    ) -> None:
        self.created = int(at.timestamp())
        self.settlement = settlement or {}
        self._objects = objects
        self._source = source
        self._cause = cause or Cause()
        self._added: dict[str, ObjectRow] = {}
        self._changed: dict[str, ObjectRow] = {}
        self._removed: list[str] = []
        self._events: list[tuple[str, int, str]] = []

    def id(self, prefix: str) -> str:
        """A fresh id."""
        return ids.draw(self._source, prefix)

    def add(self, document: Document) -> str:
        """Keep a new object; returns its JSON text."""
        return self._keep(self._added, row(document))

    def replace(self, document: Document) -> str:
        """Keep an object's new state; returns its JSON text."""
        rows = self._added if document["id"] in self._added else self._changed
        return self._keep(rows, row(document))

    def remove(self, *ids: str) -> None:
        """Forget objects."""
        self._removed += ids

    def flush(self) -> Objects:
        """Write what was collected and queue its events for delivery; returns the objects."""
        self._objects.insert(self._added.values())
        self._objects.update(self._changed.values())
        self._added, self._changed = {}, {}
        if self._removed:
            self._objects.delete(self._removed)
            self._removed = []
        if self._events:
            self._objects.deliveries.queue(self._events)
            self._events = []
        return self._objects

    def _keep(self, rows: dict[str, ObjectRow], kept: ObjectRow) -> str:
        rows[kept[-1]] = kept
        return str(kept[-2])

    def get(self, kind: str, id: str, param: str = "id", *, status: int = 400) -> Document:
        """The object; raises an error that names `param` if there is none."""
        kept = self._added.get(id) or self._changed.get(id)
        text = self._objects.find(kind, id) if kept is None else kept[-2]
        if text is None:
            raise no_such(kind, id, param, status=status)
        document: Document = json.loads(text)
        return document

    def of_charge(self, kind: str, charge_id: str) -> list[Document]:
        """The refunds or disputes of a charge, in no particular order."""
        texts = self._objects.all(Query(kind).where("charge = ?", charge_id))
        written = [kept[-2] for kept in (*self._added.values(), *self._changed.values())]
        found = {one["id"]: one for one in map(json.loads, [*texts, *written])}
        return [
            one for one in found.values() if one["object"] == kind and one["charge"] == charge_id
        ]

    def exists(self, kind: str, id: str) -> bool:
        """Whether the object exists."""
        return id in self._added or self._objects.find(kind, id) is not None

    def emit(
        self,
        type: str,
        text: str,
        previous: Document | None = None,
        source: random.Random | None = None,
    ) -> None:
        """Record that something happened to the object whose JSON is `text`.

        Pass a `source` for the event's id if it must not change the ids that are drawn later.
        """
        head = self.new_event(type, source)
        before = "" if previous is None else f',"previous_attributes":{encode(previous)}'
        event = f'{encode(head)[:-1]},"data":{{"object":{text}{before}}}}}'
        self.add_event(head["id"], type, event)

    def new_event(self, type: str, source: random.Random | None = None) -> Document:
        """A new event without its `data`."""
        return {
            "id": ids.draw(source or self._source, "evt_3"),
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

    def add_event(self, id: str, type: str, text: str) -> None:
        """Keep an event, whose JSON is `text`, and have it delivered."""
        self._added[id] = event_row(id, self.created, type, text)
        self._events.append((id, self.created, type))
