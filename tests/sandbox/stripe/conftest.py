"""A Stripe of one's own, with a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import stripe

from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import SCHEMA, StripeAccount, StripeSandbox
from tests.sandbox.stripe.purchases import V1, ClientMaker


class StoppedClock:
    """Tells the same time until told otherwise."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **duration: float) -> datetime:
        self.time += timedelta(**duration)
        return self.time


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(":memory:", SCHEMA)
    yield store
    store.close()


@pytest.fixture
def sandbox(store: Store, clock: StoppedClock) -> StripeSandbox:
    return StripeSandbox(store, clock, random=Random(7))  # noqa: S311 - wanted: repeatable ids


@pytest.fixture
def account(sandbox: StripeSandbox) -> StripeAccount:
    return sandbox.account


@pytest.fixture
def url(sandbox: StripeSandbox) -> Iterator[str]:
    with SandboxServer(sandbox.handle) as server:
        yield server.url


@pytest.fixture
def client_for(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientMaker]:
    """Makes a client of the real SDK with a key, or with another service's URL."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    transports: list[stripe.RequestsClient] = []

    def make(key: str, base: str = url) -> V1:
        transport = stripe.RequestsClient()
        transports.append(transport)
        return stripe.StripeClient(key, base_addresses={"api": base}, http_client=transport).v1

    yield make
    for transport in transports:
        transport.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def client(client_for: ClientMaker) -> V1:
    return client_for("sk_test_cascade")
