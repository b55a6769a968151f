"""The three services behind one address, and what happens when one breaks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from pyairtable import Api
from stripe import StripeClient

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection
from cascade_cli.sandbox.seed import seed
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request


@pytest.fixture
def app() -> Iterator[SandboxApp]:
    app = SandboxApp(":memory:")
    yield app
    app.close()


def test_the_services_date_their_answers_by_their_own_clock() -> None:
    app = SandboxApp(":memory:", now=lambda: datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    with SandboxServer(app.handle) as server:
        answer = requests.get(f"{server.url}/venice/stratagems", timeout=10)
    assert answer.headers["Date"] == "Fri, 20 Nov 2026 15:00:00 GMT"
    app.close()


def test_both_sdks_and_venice_answer_at_one_address(app: SandboxApp) -> None:
    seed(app, scenario="empty", until=app.now())
    with SandboxServer(app.handle) as server:
        settings = Connection(server.url).settings()
        bases = {"api": settings["STRIPE_API_BASE"]}
        client = StripeClient(settings["STRIPE_SECRET_KEY"], base_addresses=bases)  # type: ignore[arg-type]
        assert client.v1.charges.list().data == []
        key, endpoint = settings["AIRTABLE_API_KEY"], settings["AIRTABLE_ENDPOINT_URL"]
        api = Api(key, endpoint_url=endpoint, retry_strategy=None)
        api.session.trust_env = False
        assert len(api.table(settings["AIRTABLE_BASE_ID"], "CITIZENS").all()) > 20
    answer = app.handle(Request("GET", "/venice/citizens/NLR"))
    assert json.loads(answer.body)["citizen"]["username"] == "NLR"
    assert app.crashes == []


@pytest.mark.parametrize("path", ["/", "/stripes/v1/charges", "/elsewhere", "nonsense"])
def test_any_other_path_is_a_404(app: SandboxApp, path: str) -> None:
    assert app.handle(Request("GET", path)).status == 404


def test_healthz_tells_who_answers_over_which_state(app: SandboxApp) -> None:
    identity = json.loads(app.handle(Request("GET", "/healthz")).body)
    assert identity["name"] == "cascade sandbox"
    assert set(identity) == {"name", "pid", "state", "rates", "engine"}


def test_latency_is_added_to_each_request_to_a_service() -> None:
    slow = SandboxApp(":memory:", latency_seconds=0.05)
    begun = time.monotonic()
    slow.handle(Request("GET", "/venice/stratagems"))
    assert time.monotonic() - begun >= 0.05
    slow.close()


STRIPE_ERROR = {"type": "api_error", "message": "An unknown error occurred."}
AIRTABLE_ERROR = {"type": "SERVER_ERROR", "message": "Internal server error"}
CRASHES = [
    ("/stripe/v1/charges", {"error": STRIPE_ERROR}),
    ("/airtable/v0/meta/bases/appSandboxVenice01/tables", {"error": AIRTABLE_ERROR}),
    ("/venice/stratagems", {"success": False, "error": "Internal server error"}),
]


@pytest.mark.parametrize(("path", "document"), CRASHES)
def test_a_crash_is_a_500_in_the_services_own_shape_and_leaves_its_traceback(
    app: SandboxApp, path: str, document: object
) -> None:
    with app.store.write() as connection:
        for table in ("stripe_objects", "airtable_base", "airtable_tables"):
            connection.execute(f"DROP TABLE {table}")
    token = "sk_test_sandbox" if "stripe" in path else "patSandbox"
    answer = app.handle(Request("GET", path, headers={"authorization": f"Bearer {token}"}))
    assert answer.status == 500
    assert json.loads(answer.body) == document
    assert len(app.crashes) == 1
    assert "no such table" in app.crashes[0]
