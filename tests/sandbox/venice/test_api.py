"""Venice's HTTP API as its connectors see it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from cascade_cli.sandbox.venice import VeniceSandbox
from cascade_cli.sandbox.wire import Request
from tests.sandbox.venice.conftest import PAYEE, PAYER, Venice


@pytest.fixture
def api(venice: Venice) -> VeniceSandbox:
    return VeniceSandbox(venice.tables, lambda: venice.now)


def get(api: VeniceSandbox, path: str, query: str = "") -> tuple[int, Any]:
    response = api.handle(Request("GET", path, query))
    return response.status, json.loads(response.body)


def test_a_citizen_comes_in_camel_case(api: VeniceSandbox) -> None:
    status, answer = get(api, f"/citizens/{quote(PAYEE)}")
    assert (status, answer["success"]) == (200, True)
    assert answer["citizen"]["username"] == PAYEE
    assert answer["citizen"]["ducats"] == 492485.8103135929


def test_an_unknown_citizen_is_a_404_with_success_false(api: VeniceSandbox) -> None:
    status, answer = get(api, "/citizens/Nobody")
    assert status == 404
    assert answer == {"success": False, "error": "No citizen found for username: Nobody"}


def test_a_citizen_is_cached_for_five_minutes(venice: Venice, api: VeniceSandbox) -> None:
    path = f"/citizens/{PAYER}"
    get(api, path)
    venice.order()
    venice.engine.run()
    venice.now += timedelta(minutes=5, seconds=-1)
    _, stale = get(api, path)
    venice.now += timedelta(seconds=1)
    _, fresh = get(api, path)
    assert (stale["citizen"]["ducats"], stale["_cached"]) == (1000.25, True)
    assert fresh["citizen"]["ducats"] == 900.25
    assert "_cached" not in fresh


def test_a_cached_miss_is_a_success_without_a_citizen(api: VeniceSandbox) -> None:
    get(api, "/citizens/Nobody")
    assert get(api, "/citizens/Nobody") == (
        200, {"success": True, "citizen": None, "_cached": True}
    )  # fmt: skip


def test_a_name_that_breaks_the_formula_is_a_500(api: VeniceSandbox) -> None:
    status, answer = get(api, "/citizens/a%22b")
    assert status == 500
    assert answer["error"] == "Failed to fetch citizen data"


def test_stratagems_are_filtered_by_payer_status_and_type(
    venice: Venice, api: VeniceSandbox
) -> None:
    venice.order("wanted")
    venice.order("by another", ExecutedBy=PAYEE)
    venice.order("executed", Status="executed")
    venice.order("of another type", Type="undercut")
    query = urlencode({"executedBy": PAYER, "status": "active", "type": "transfer_ducats"})
    status, answer = get(api, "/stratagems", query)
    assert status == 200
    assert [row["stratagemId"] for row in answer["stratagems"]] == ["wanted"]


def test_a_quote_in_a_filter_is_text(venice: Venice, api: VeniceSandbox) -> None:
    venice.order("wanted", ExecutedBy=PAYEE)
    _, answer = get(api, "/stratagems", urlencode({"executedBy": PAYEE}))
    assert [row["stratagemId"] for row in answer["stratagems"]] == ["wanted"]


def test_stratagems_come_latest_executed_first_up_to_the_limit(
    venice: Venice, api: VeniceSandbox
) -> None:
    venice.order("not executed")
    venice.order("early", ExecutedAt="2026-07-01T00:00:00Z")
    venice.order("late", ExecutedAt="2026-07-02T00:00:00Z")
    _, answer = get(api, "/stratagems", "limit=2")
    assert [row["stratagemId"] for row in answer["stratagems"]] == ["late", "early"]


def test_what_airtable_refuses_comes_as_an_empty_success(
    venice: Venice, api: VeniceSandbox
) -> None:
    venice.order()
    venice.tables.drop_field("STRATAGEMS", "Status")
    status, answer = get(api, "/stratagems", "status=active")
    assert status == 200
    assert (answer["success"], answer["stratagems"]) == (True, [])
    assert answer["_fallbackError"] is True


@pytest.mark.parametrize("query", ["limit=none", "limit=0", "nature=good"])
def test_a_senseless_query_comes_as_an_empty_success(api: VeniceSandbox, query: str) -> None:
    _, answer = get(api, "/stratagems", query)
    assert answer["_fallbackError"] is True


def test_a_filter_by_any_field_name_works(venice: Venice, api: VeniceSandbox) -> None:
    venice.order("wanted", Name="7")
    _, answer = get(api, "/stratagems", "StratagemId=wanted")
    assert len(answer["stratagems"]) == 1


@pytest.mark.parametrize("path", ["/health", "/", "/citizens", "/citizens/", "/citizens/a/b"])
def test_there_is_no_other_route(api: VeniceSandbox, path: str) -> None:
    assert api.handle(Request("GET", path)).status == 404


@pytest.mark.parametrize("path", ["/stratagems", "/citizens/NLR"])
def test_only_reading_is_allowed(api: VeniceSandbox, path: str) -> None:
    assert api.handle(Request("POST", path)).status == 405
