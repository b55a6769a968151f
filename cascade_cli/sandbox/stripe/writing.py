"""POST requests: done once for each idempotency key, whole or not at all."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import idempotency
from cascade_cli.sandbox.stripe.account import Books
from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.idempotency import KeyedRequest, Saved
from cascade_cli.sandbox.stripe.object_writer import Cause
from cascade_cli.sandbox.stripe.objects import Objects, encode
from cascade_cli.sandbox.stripe.rendering import View, base_url, render
from cascade_cli.sandbox.stripe.routing import Change, Write
from cascade_cli.sandbox.wire import Request


@dataclass(frozen=True)
class Post:
    """A POST request that has been authorised and whose parameters are in order."""

    endpoint: Write
    request: Request
    request_id: str
    id: str
    params: dict[str, Any]
    expand: list[str]
    raw: dict[str, Any]

    @property
    def key(self) -> str | None:
        """The idempotency key, if one was sent."""
        return self.request.headers.get("idempotency-key") or None

    def keyed(self, key: str) -> KeyedRequest:
        """What the key stands for: the same parameters, in whatever order they came."""
        canonical = repr(_sorted(self.raw)).encode()
        return KeyedRequest(key, self.request.path, hashlib.sha256(canonical).hexdigest())


@dataclass(frozen=True)
class Outcome:
    """A status and a body, and whether they were given before."""

    saved: Saved
    replayed: bool


class PostRunner:
    """Carries out POST requests."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store = store
        self._books = books

    def write(self, post: Post, at: datetime) -> Outcome:
        """Do it, or give the answer that its idempotency key has had before.

        Refusals after the parameters were found in order are remembered too, as at Stripe.
        """
        with self._store.write() as connection:
            if post.key is None:
                return Outcome(self._run(connection, post, at), replayed=False)
            now, keyed = int(at.timestamp()), post.keyed(post.key)
            found = idempotency.find(connection, keyed, now)
            if found:
                return Outcome(found, replayed=True)
            saved = self._run(connection, post, at)
            idempotency.save(connection, keyed, now, saved)
            return Outcome(saved, replayed=False)

    def _run(self, connection: sqlite3.Connection, post: Post, at: datetime) -> Saved:
        objects = Objects(connection)
        try:
            with self._books.writing(at, Cause(post.request_id, post.key)) as writer:
                call = Change(
                    post.request.path, post.id, post.params, writer.created, objects, writer
                )
                answer = post.endpoint.run(call)
        except StripeError as refusal:
            return _refused(refusal, post)
        if answer.error:
            return _refused(answer.error, post)
        view = View(objects, writer.created, base_url(post.request))
        body = render(answer, post.request.path, view, post.expand)
        return Saved(post.request_id, 200, body)


def _refused(refusal: StripeError, post: Post) -> Saved:
    return Saved(post.request_id, refusal.status, encode(refusal.document(post.request_id)))


def _sorted(raw: Any) -> Any:
    if isinstance(raw, dict):
        return sorted((name, _sorted(value)) for name, value in raw.items())
    return raw
