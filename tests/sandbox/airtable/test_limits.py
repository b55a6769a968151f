from __future__ import annotations

from collections.abc import Iterator

import pytest

from cascade_cli.sandbox.airtable import AirtableSandbox
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.store import Store
from tests.sandbox.airtable.answers import refused
from tests.sandbox.airtable.conftest import TOKEN, Client, ManualClock, new_sandbox

RATE_LIMITED = (
    429,
    {
        "errors": [
            {
                "error": "RATE_LIMIT_REACHED",
                "message": "Rate limit exceeded. Please try again later",
            }
        ]
    },
)


@pytest.fixture
def paced(store: Store, clock: ManualClock) -> Iterator[Client]:
    sandbox = new_sandbox(store, clock, rate=5)
    with SandboxServer(sandbox.handle) as server:
        client = Client(server.url, TOKEN)
        yield client
        client.close()


def test_the_sixth_request_within_a_second_is_refused(paced: Client) -> None:
    for _ in range(5):
        paced.citizens.all()
    assert refused(paced.citizens.all) == RATE_LIMITED


def test_the_lock_out_lasts_thirty_seconds(paced: Client, clock: ManualClock) -> None:
    for _ in range(5):
        paced.citizens.all()
    refused(paced.citizens.all)
    clock.advance(seconds=29.9)
    assert refused(paced.api.whoami) == RATE_LIMITED
    clock.advance(seconds=0.2)
    assert paced.citizens.all() == []


def test_five_requests_a_second_go_on_for_ever(paced: Client, clock: ManualClock) -> None:
    for _ in range(30):
        paced.citizens.all()
        clock.advance(seconds=0.2)


def test_without_a_limit_nothing_is_refused(client: Client) -> None:
    for _ in range(30):
        client.citizens.all()


def test_when_the_months_calls_are_used_up_only_the_metadata_answers(
    store: Store, clock: ManualClock
) -> None:
    sandbox = AirtableSandbox(store, clock, monthly_quota=2)
    with SandboxServer(sandbox.handle) as server:
        client = Client(server.url, TOKEN)
        client.citizens.all()
        client.citizens.all()
        clock.advance(hours=1)
        status, document = refused(client.citizens.all)
        assert status == 429
        assert document["errors"][0]["error"] == "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
        assert client.api.whoami()["id"]
        client.close()
