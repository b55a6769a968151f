"""The sandbox's Stripe with a receiver that is registered for everything, at a manual clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from cascade_cli.sandbox.app import SandboxApp
from tests.harness.sandboxed import Sandboxed
from tests.sandbox.stripe.purchases import V1
from tests.sandbox.webhooks.receiver import Receiver, receiving


@pytest.fixture
def client(sandboxed: Sandboxed, monkeypatch: pytest.MonkeyPatch) -> Iterator[V1]:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    transport = stripe.RequestsClient()
    base = f"{sandboxed.url}/stripe"
    yield stripe.StripeClient("sk_test_x", base_addresses={"api": base}, http_client=transport).v1
    transport.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def receiver(client: V1) -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        register(client, receiver)
        yield receiver


def register(client: V1, receiver: Receiver, *events: str) -> str:
    """Register the receiver for these events, or all; returns the endpoint's id."""
    params: Any = {"url": f"{receiver.url}/hook?from=stripe", "enabled_events": events or ["*"]}
    endpoint = client.webhook_endpoints.create(params)
    receiver.secret = str(endpoint.secret)
    return endpoint.id


@pytest.fixture
def app(sandbox_app: SandboxApp) -> SandboxApp:
    return sandbox_app
