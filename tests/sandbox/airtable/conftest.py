from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pyairtable import Api
from pyairtable.api.table import Table

from cascade_cli.sandbox.airtable import BASE_ID, SCHEMA, AirtableSandbox, Tables
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.store import Store

TOKEN = "patSandboxTests"


class ManualClock:
    """Stands still until told to advance."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 14, 2, 3, 456_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


class Client:
    """pyairtable talking to a sandbox over HTTP, without its own retries."""

    def __init__(self, url: str, token: str) -> None:
        self.api = Api(token, endpoint_url=url, retry_strategy=None, timeout=(3, 10))
        self.api.session.trust_env = False

    def table(self, name: str) -> Table:
        return self.api.table(BASE_ID, name)

    @property
    def stratagems(self) -> Table:
        return self.table("STRATAGEMS")

    @property
    def citizens(self) -> Table:
        return self.table("CITIZENS")

    def close(self) -> None:
        self.api.session.close()


def new_sandbox(
    store: Store, clock: ManualClock, seed: int = 1, rate: float | None = None
) -> AirtableSandbox:
    """A sandbox whose ids depend on the seed alone."""
    chance = random.Random(seed)  # noqa: S311
    return AirtableSandbox(store, clock, random=chance, rate_per_second=rate)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store(":memory:", SCHEMA)
    yield opened
    opened.close()


@pytest.fixture
def sandbox(store: Store, clock: ManualClock) -> AirtableSandbox:
    return new_sandbox(store, clock)


@pytest.fixture
def tables(sandbox: AirtableSandbox) -> Tables:
    return sandbox.tables


@pytest.fixture
def url(sandbox: AirtableSandbox) -> Iterator[str]:
    with SandboxServer(sandbox.handle) as server:
        yield server.url


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    made = Client(url, TOKEN)
    yield made
    made.close()
