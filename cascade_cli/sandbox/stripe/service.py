"""The Stripe API over HTTP: one request in, one answer out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import expansion, form, ids, parameters
from cascade_cli.sandbox.stripe.account import StripeAccount
from cascade_cli.sandbox.stripe.api_keys import RateLimit, authenticate, permit
from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.idempotency import InFlight, Post, PostRunner
from cascade_cli.sandbox.stripe.object_writer import API_VERSION
from cascade_cli.sandbox.stripe.objects import Objects, encode
from cascade_cli.sandbox.stripe.pay_page import PayPage
from cascade_cli.sandbox.stripe.rendering import View, base_url, render
from cascade_cli.sandbox.stripe.resources import ENDPOINTS
from cascade_cli.sandbox.stripe.routing import Call, Read, Write, route
from cascade_cli.sandbox.wire import Clock, Request, Response

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_FORM = "application/x-www-form-urlencoded"


class StripeSandbox:
    """Answers `/v1/…` as Stripe does, and serves the hosted payment page under `/pay/…`.

    `account` does the same things without HTTP. Requests beyond `rate_per_second` are answered 429.
    `random` draws every id, so a seeded one makes a run repeatable.
    """

    def __init__(
        self,
        store: Store,
        now: Clock,
        *,
        rate_per_second: float | None = None,
        random: Random | None = None,
    ) -> None:
        self._store = store
        self._now = now
        self._random = random or Random()
        self._rate = RateLimit(rate_per_second, now) if rate_per_second else None
        self.account = StripeAccount(store, self._random)
        self._in_flight = InFlight()
        self._posts = PostRunner(store, self.account)
        self._pay_page = PayPage(self.account, now)

    def handle(self, request: Request) -> Response:
        """Answer one request; every answer names it in the Request-Id header."""
        request_id = ids.draw(self._random, "req_")
        try:
            response = self._answer(request, request_id)
        except StripeError as refusal:
            body = encode(refusal.document(request_id))
            response = _json(refusal.status, body, refusal.headers)
        version = request.headers.get("stripe-version", API_VERSION)
        common = {"Request-Id": request_id, "Stripe-Version": version}
        return replace(response, headers={**response.headers, **common})

    def _answer(self, request: Request, request_id: str) -> Response:
        if request.path.startswith("/pay/"):
            self._expire_checkouts()
            return self._pay_page.handle(request)
        key = authenticate(request.headers)
        if self._rate:
            self._rate.spend()
        version = request.headers.get("stripe-version", API_VERSION)
        if not _VERSION.fullmatch(version):
            raise StripeError(f"Invalid Stripe API version: {version}")
        endpoint, id = route(ENDPOINTS, request.method, request.path)
        permit(key, request.method, endpoint.resource)
        raw = _decode(request)
        params = parameters.read(endpoint.parameters, raw)
        expand = params.pop("expand", [])
        expansion.check(expand, endpoint.kind, listed=getattr(endpoint, "listed", False))
        if isinstance(endpoint, Write):
            return self._write(Post(endpoint, request, request_id, id, params, expand, raw))
        self._expire_checkouts()
        return self._read(endpoint, request, id, params, expand)

    def _read(
        self, endpoint: Read, request: Request, id: str, params: dict[str, Any], expand: list[str]
    ) -> Response:
        now = int(self._now().timestamp())
        with self._store.read() as connection:
            objects = Objects(connection)
            answer = endpoint.run(Call(request.path, id, params, now, objects))
            view = View(objects, now, base_url(request))
            return _json(200, render(answer, request.path, view, expand), {})

    def _write(self, post: Post) -> Response:
        with self._in_flight.hold(post.key):
            self._expire_checkouts()
            outcome = self._posts.run(post, self._now())
        headers = {"Original-Request": outcome.saved.request_id} if post.key else {}
        if post.key:
            headers["Idempotency-Key"] = post.key
        if outcome.replayed:
            headers["Idempotent-Replayed"] = "true"
        return _json(outcome.saved.status, outcome.saved.body, headers)

    def _expire_checkouts(self) -> None:
        """Expire each overdue Checkout Session as of the moment at which it became overdue."""
        now = int(self._now().timestamp())
        with self._store.read() as connection:
            if not Objects(connection).overdue(now):
                return
        # Another process may have expired them since, so look again under the write lock.
        with self._store.write() as connection:
            for id, expires_at in Objects(connection).overdue(now):
                self.account.expire_checkout(id, at=datetime.fromtimestamp(expires_at, UTC))


def _decode(request: Request) -> dict[str, Any]:
    """The request's parameters: from its query and, unless it is a GET, from its body."""
    content_type = request.headers.get("content-type", _FORM)
    if request.body and not content_type.startswith(_FORM):
        raise StripeError(
            "Invalid request (check that your POST content type is"
            " application/x-www-form-urlencoded). If you have any questions, we can help at"
            " https://support.stripe.com/."
        )
    body = request.body.decode(errors="replace") if request.method != "GET" else ""
    return form.decode("&".join(filter(None, (request.query, body))))


def _json(status: int, body: str, headers: Mapping[str, str]) -> Response:
    return Response(status, body.encode(), {"Content-Type": "application/json", **headers})
