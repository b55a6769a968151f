"""Idempotency keys: the same key with the same parameters gets the same answer."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass

from cascade_cli.sandbox.stripe.errors import StripeError

_LONGEST = 255
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Saved:
    """An answer that was given before, by the request `request_id`."""

    request_id: str
    status: int
    body: str


@dataclass(frozen=True)
class KeyedRequest:
    """What a request under a key is for: a path, and a digest of its parameters."""

    key: str
    endpoint: str
    parameters: str


class InFlight:
    """The keys whose requests are being worked on in this process."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, key: str | None) -> Iterator[None]:
        """Keep others with the same key out until the block ends; they get 409."""
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


def find(connection: sqlite3.Connection, keyed: KeyedRequest, now: int) -> Saved | None:
    """The answer saved under the key; another request under the same key is an error."""
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


def save(connection: sqlite3.Connection, keyed: KeyedRequest, now: int, saved: Saved) -> None:
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
