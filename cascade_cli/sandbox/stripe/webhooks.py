"""Sends events to webhook endpoints as Stripe does: signed, and again until they are accepted."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe.deliveries import Deliveries, Delivery
from cascade_cli.sandbox.stripe.rendering import with_pending
from cascade_cli.sandbox.wire import Clock

ANSWER_SECONDS = 10.0
"""An attempt fails if the endpoint has not answered by then."""
SENDERS = 16
"""How many deliveries are sent at once: Stripe does not wait for one before it sends the next."""
_PAUSE_SECONDS = 0.02
_BATCH = 100
_MOST_ANSWER_BYTES = 65_536
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Mischief:
    """Deliveries as Stripe warns of them: `twice` is the probability that an event is sent twice,
    `shuffled` sends events that are due together in any order."""

    twice: float = 0.0
    shuffled: bool = False


class WebhookSender:
    """Sends the deliveries that are due by `now`, which also dates the signatures."""

    def __init__(
        self, store: Store, now: Clock, chance: random.Random, mischief: Mischief | None = None
    ) -> None:
        self._store, self._now, self._chance = store, now, chance
        self._mischief = mischief or Mischief()

    def deliver_due(self) -> int:
        """Try every due delivery once, one after another; returns how many were accepted."""
        accepted = 0
        while claimed := self.claim(_BATCH):
            accepted += sum(self.deliver(delivery) for delivery in claimed)
        return accepted

    def claim(self, limit: int) -> list[Delivery]:
        """Up to `limit` deliveries that are due; send each before its lease ends."""
        now = self._now().timestamp()
        # Usually nothing is due, and even an empty write invalidates what others have cached.
        with self._store.read() as connection:
            if not Deliveries(connection).is_due(now):
                return []
        with self._store.write() as connection:
            claimed = Deliveries(connection).claim(now, limit)
        if self._mischief.shuffled:
            self._chance.shuffle(claimed)
        return claimed

    def deliver(self, delivery: Delivery) -> bool:
        """Try one delivery; True if it was accepted."""
        answers = [self._send(delivery)]
        if self._mischief.twice and self._chance.random() < self._mischief.twice:
            answers.append(self._send(delivery))
        accepted = any(answers)
        with self._store.write() as connection:
            now = self._now().timestamp()
            Deliveries(connection).finish(delivery, now, delivered=accepted)
        return accepted

    def _send(self, delivery: Delivery) -> bool:
        with self._store.read() as connection:
            pending = Deliveries(connection).pending(delivery.event)
        body = _body(with_pending(delivery.text, pending))
        headers = {
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, delivery.secret, int(self._now().timestamp())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        return _post(delivery.url, body, headers) in _SUCCESS


class WebhookLoop:
    """Sends in the background until the block ends; `crashes` collects tracebacks."""

    def __init__(self, sender: WebhookSender, crashes: list[str]) -> None:
        self._sender, self._crashes = sender, crashes
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> WebhookLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _loop(self) -> None:
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(SENDERS) as pool:
            while not self._stopping.is_set():
                under_way = {each for each in under_way if not each.done()}
                claimed = self._claim(SENDERS - len(under_way))
                under_way |= {pool.submit(self._deliver, delivery) for delivery in claimed}
                self._stopping.wait(0 if claimed else _PAUSE_SECONDS)

    def _claim(self, limit: int) -> list[Delivery]:
        try:
            return self._sender.claim(limit) if limit else []
        except Exception:  # noqa: BLE001 - one failed attempt must not end the deliveries
            self._crashes.append(traceback.format_exc())
            return []

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._sender.deliver(delivery)
        except Exception:  # noqa: BLE001 - as above; its lease brings the delivery back
            self._crashes.append(traceback.format_exc())


def signature(body: bytes, secret: str, at: int) -> str:
    """The Stripe-Signature header for these very bytes."""
    signed = f"{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _body(text: str) -> bytes:
    """Indented as Stripe sends it: a receiver that re-serialises it would check other bytes."""
    indented = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return indented.encode("utf-8", "backslashreplace")


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
    """The answer's status, redirections included; None without an answer in time."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        answer.read(_MOST_ANSWER_BYTES)
    except (OSError, http.client.HTTPException):
        return None
    else:
        return answer.status
    finally:
        connection.close()
