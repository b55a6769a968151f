"""A shop with its doors open: a sandbox on loopback, `serve`, and a client of its routes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.types import ASGIApp

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from cascade_cli.server.app import AppState, create_app
from cascade_cli.server.serving import listen, opened, server_of
from cascade_cli.wiring.serving import Dependencies
from tests.harness.sandboxed import Sandboxed, served
from tests.server.events import signature

TOKEN = "token-of-the-shop"
WEBHOOK = "/api/payments/webhook"


class Client:
    """Asks the server at `url`; like a browser, it keeps its connection."""

    def __init__(self, url: str) -> None:
        self.url, self._session = url, requests.Session()
        self._session.trust_env = False

    def get(self, path: str, **headers: str) -> requests.Response:
        return self._session.get(self.url + path, timeout=30, headers=headers)

    def put(self, path: str) -> requests.Response:
        return self._session.put(self.url + path, timeout=30)

    def post(self, path: str, **content: Any) -> requests.Response:
        return self._session.post(self.url + path, timeout=30, **content)

    def close(self) -> None:
        self._session.close()


class Shop:
    """The server in this process, over real HTTP on both sides; `said` is what it told, and
    `kept` the failures that a bug report would tell."""

    def __init__(
        self,
        place: Sandboxed,
        app_state: AppState,
        client: Client,
        inbox: Inbox,
        said: list[str],
        *,
        kept: list[Exception],
    ) -> None:
        self.place, self.client, self.inbox, self.said = place, client, inbox, said
        self.app_state, self.kept = app_state, kept

    @cached_property
    def asgi(self) -> ASGIApp:
        """The application without a server before it."""
        return create_app(self.app_state)

    def create(
        self, what: str = "payment-intent", *, key: str | None = None, **body: Any
    ) -> requests.Response:
        """POST create-payment-intent, or another route, as the shop's backend does."""
        headers = {"Authorization": f"Bearer {TOKEN}", **({"Idempotency-Key": key} if key else {})}
        path = f"/api/payments/create-{what}"
        return self.client.post(path, json=body, headers=headers)

    def tell(self, body: bytes, header: str | None = None) -> requests.Response:
        """POST to the webhook, signed now unless `header` says otherwise."""
        signed = signature(body) if header is None else header
        return self.client.post(WEBHOOK, data=body, headers={"Stripe-Signature": signed})

    def counts(self) -> dict[str, int]:
        """How many events stand where, without the empty states."""
        return {state.value: n for state, n in self.inbox.counts().items() if n}

    def wait_until_dealt_with(self, seconds: float = 20) -> dict[str, int]:
        """The counts once no event waits."""
        eventually(lambda: not self.inbox.counts()[EventState.WAITING], seconds)
        return self.counts()

    def stratagems(self) -> list[dict[str, Any]]:
        """The fields of all rows."""
        return [row["fields"] for row in self.place.app.airtable.tables.select("STRATAGEMS")]


def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Return once it holds; fail if it does not within the time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)


@contextmanager
def shop_in(folder: Path, **settings: str) -> Iterator[Shop]:
    """A shop whose journal is in the folder."""
    with closing(SandboxApp(":memory:")) as app, served(app) as place:
        seed(app, scenario="empty", until=app.now())
        place.move_in("marco", app.now())
        with shop_at(place, folder, **settings) as shop:
            yield shop
        assert not app.crashes, app.crashes


@contextmanager
def shop_at(
    place: Sandboxed, folder: Path, run: str = "run-serve", **settings: str
) -> Iterator[Shop]:
    """A shop over that sandbox; another one may have had the same journal before, or has it now
    under another `run`."""
    said, kept = list[str](), list[Exception]()
    changed = {"CASCADE_API_TOKEN": TOKEN, **settings}
    url = f"sqlite:///{folder}/journal.sqlite3"
    identity = Worker(run, "till", 1, "anna", "serve")
    with place.wired(**changed) as wiring, closing(Database(url)) as database:
        own = replace(identity, base=wiring.settings.airtable_base)
        inbox = Inbox(database, own, now=utc_now)
        dependencies = Dependencies(wiring, database, identity, (), said.append, keep=kept.append)
        with (
            opened(dependencies) as app_state,
            _running(app_state) as url,
            closing(Client(url)) as client,
        ):
            yield Shop(place, app_state, client, inbox, said, kept=kept)


@contextmanager
def _running(app_state: AppState) -> Iterator[str]:
    server = server_of(app_state)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_in(tmp_path) as shop:
        yield shop
