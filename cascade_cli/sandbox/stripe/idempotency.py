"""POST requests: each is done whole or not at all, and only once for each idempotency key."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe.account import StripeAccount
from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.object_writer import Cause
from cascade_cli.sandbox.stripe.objects import Objects, encode
from cascade_cli.sandbox.stripe.rendering import View, base_url, render
from cascade_cli.sandbox.stripe.routing import Change, Write
from cascade_cli.sandbox.wire import Request

_LONGEST = 255
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Saved:
    """An answer that is kept; `request_id` is the request that got it first."""

    request_id: str
    status: int
    body: str


@dataclass(frozen=True)
class KeyedRequest:
    """What a key was used for: a path, and a digest of the parameters."""

    key: str
    endpoint: str
    parameters: str


@dataclass(frozen=True)
class Post:
    """A POST request that has been authorised and whose parameters are valid."""

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
        """What the key is used for; the order of the parameters does not matter."""
        canonical = repr(_sorted(self.raw)).encode()
        return KeyedRequest(key, self.request.path, hashlib.sha256(canonical).hexdigest())


@dataclass(frozen=True)
class Outcome:
    """An answer, and whether it was given before."""

    saved: Saved
    replayed: bool


class PostRunner:
    """Carries out POST requests: the same key with the same parameters gets the same answer."""

    def __init__(self, store: Store, account: StripeAccount) -> None:
        self._store = store
        self._account = account

    def run(self, post: Post, at: datetime) -> Outcome:
        """Carry it out, or repeat the answer that its idempotency key got before.

        As at Stripe, a refusal is kept too if it came after the parameters had been checked.
        """
        with self._store.write() as connection:
            if post.key is None:
                return Outcome(self._run(connection, post, at), replayed=False)
            now, keyed = int(at.timestamp()), post.keyed(post.key)
            found = _find(connection, keyed, now)
            if found:
                return Outcome(found, replayed=True)
            saved = self._run(connection, post, at)
            _save(connection, keyed, now, saved)
            return Outcome(saved, replayed=False)

    def _run(self, connection: sqlite3.Connection, post: Post, at: datetime) -> Saved:
        objects = Objects(connection)
        try:
            with self._account.writing(at, Cause(post.request_id, post.key)) as writer:
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


class InFlight:
    """The idempotency keys of requests that this process is working on."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, key: str | None) -> Iterator[None]:
        """Answer other requests with the same key with 409 until the block ends."""
        if key is None:
            yield
            return
        self._enter(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)

    def _enter(self, key: str) -> None:
        if len(key) > _LONGEST:
            raise _error(
                f"Idempotency keys may not be longer than {_LONGEST} characters; yours has"
                f" {len(key)}."
            )
        with self._lock:
            if key in self._keys:
                raise _error(
                    "There is currently another in-progress request using this Idempotent Key (that"
                    " probably means you submitted twice, and the other request is still going"
                    f" through): {key}. Please try again later.",
                    status=409,
                    code="idempotency_key_in_use",
                )
            self._keys.add(key)


def _find(connection: sqlite3.Connection, keyed: KeyedRequest, now: int) -> Saved | None:
    """The answer kept under the key; raises if the key was used for another request."""
    connection.execute("DELETE FROM stripe_idempotency WHERE created <= ?", (now - _KEPT_SECONDS,))
    row = connection.execute(
        "SELECT endpoint, parameters, request_id, status, body FROM stripe_idempotency"
        " WHERE key = ?",
        (keyed.key,),
    ).fetchone()
    if row is None:
        return None
    endpoint, parameters, *saved = row
    if endpoint != keyed.endpoint:
        raise _mismatch(
            f"for the same endpoint they were first used for ('{keyed.endpoint}' vs '{endpoint}')",
            keyed,
        )
    if parameters != keyed.parameters:
        raise _mismatch("with the same parameters they were first used with", keyed)
    return Saved(*saved)


def _save(connection: sqlite3.Connection, keyed: KeyedRequest, now: int, saved: Saved) -> None:
    """Remember an answer for 24 hours."""
    connection.execute(
        "INSERT INTO stripe_idempotency VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*astuple(keyed), saved.request_id, now, saved.status, saved.body),
    )


def _mismatch(condition: str, keyed: KeyedRequest) -> StripeError:
    return _error(
        f"Keys for idempotent requests can only be used {condition}. Try using a key other than"
        f" '{keyed.key}' if you meant to execute a different request."
    )


def _error(message: str, *, status: int = 400, code: str | None = None) -> StripeError:
    return StripeError(message, status=status, type="idempotency_error", code=code)


def _refused(refusal: StripeError, post: Post) -> Saved:
    return Saved(post.request_id, refusal.status, encode(refusal.document(post.request_id)))


def _sorted(raw: Any) -> Any:
    if isinstance(raw, dict):
        return sorted((name, _sorted(value)) for name, value in raw.items())
    return raw
