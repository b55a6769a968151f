"""What the server tells of itself."""

from __future__ import annotations

import asyncio
import threading

import pytest
import requests

from cascade_cli.cli.terminal.session import Session
from cascade_cli.errors import GuardError
from cascade_cli.sandbox.wire import json_response
from cascade_cli.server.api.problems import answer_to
from cascade_cli.server.thread_pool import REQUEST_THREADS
from tests.server.conftest import WEBHOOK, Shop
from tests.server.events import event_body


def test_a_well_server_is_ready(shop: Shop) -> None:
    answer = shop.client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


def test_a_service_that_is_out_is_named_and_the_process_is_alive_all_the_same(shop: Shop) -> None:
    shop.place.recorder.break_from("stripe", 1, json_response(500, {}))
    answer = shop.client.get("/readyz")
    parts = answer.json()["parts"]
    assert answer.status_code == 503
    assert (parts["stripe"]["ok"], parts["stripe"]["why"]) == (False, "HTTP 500")
    assert parts["airtable"]["ok"]
    assert shop.client.get("/healthz").status_code == 200


def test_asking_often_whether_it_is_ready_costs_no_requests(shop: Shop) -> None:
    shop.client.get("/readyz")
    before = len(shop.place.recorder.requests)
    for _ in range(5):
        shop.client.get("/readyz")
    assert len(shop.place.recorder.requests) == before


def test_the_metrics_count_what_was_kept_and_what_was_refused(shop: Shop) -> None:
    shop.tell(event_body("evt_1", "charge.refunded"))
    shop.tell(event_body("evt_1", "charge.refunded"))
    shop.tell(b"{}", "t=1,v1=00")
    lines = shop.client.get("/metrics").text.splitlines()
    assert 'cascade_webhook_accepted_total{new="yes"} 1.0' in lines
    assert 'cascade_webhook_accepted_total{new="no"} 1.0' in lines
    assert 'cascade_webhook_refused_total{why="forged"} 1.0' in lines
    assert 'cascade_inbox_events{state="recorded"} 1.0' in lines


def test_the_routes_are_described_without_the_internet(shop: Shop) -> None:
    answer = shop.client.get("/docs")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "//" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_page_tells_of_every_route_field_and_token(shop: Shop) -> None:
    page = shop.client.get("/docs").text
    description = shop.client.get("/openapi.json").json()
    schemas = description["components"]["schemas"].values()
    names = {name for schema in schemas for name in schema.get("properties", {})}
    assert not [name for name in {*names, *description["paths"]} if name not in page]
    assert "with CASCADE_API_TOKEN" in page


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_supervisors_may_ask_by_head(shop: Shop, path: str) -> None:
    answer = requests.head(shop.client.url + path, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")


def test_another_path_leads_nowhere_whatever_host_the_caller_names(shop: Shop) -> None:
    answer = shop.client.post(f"{WEBHOOK}/", data=b"{}", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_what_is_not_there_has_the_shape_of_every_other_problem(shop: Shop) -> None:
    assert shop.client.get("/nothing").json()["error"]["kind"] == "not_found"
    assert shop.client.put("/healthz").json()["error"]["kind"] == "method_not_allowed"


def test_what_a_server_of_the_sandbox_answers_names_commands_of_the_sandbox() -> None:
    error = GuardError("100 ducats are not sold.", "See cascade pricing.")
    answer = answer_to(error, Session(sandbox=True).completed)
    assert b"See cascade --sandbox pricing." in bytes(answer.body)


def test_whether_it_is_ready_is_told_while_every_payment_waits(shop: Shop) -> None:
    blocked = threading.Event()
    thread_pool = shop.app_state.thread_pool

    async def wait_for_nothing() -> None:
        tasks = [thread_pool.run(blocked.wait, 20) for _ in range(REQUEST_THREADS)]
        await asyncio.gather(*tasks)

    waiting = threading.Thread(target=lambda: asyncio.run(wait_for_nothing()))
    waiting.start()
    try:
        assert shop.client.get("/readyz").status_code == 200
    finally:
        blocked.set()
        waiting.join()
