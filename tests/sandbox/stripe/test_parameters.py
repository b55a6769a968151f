"""Wrong parameters are refused as Stripe refuses them, whatever the endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cascade_cli.sandbox.stripe import StripeSandbox
from cascade_cli.sandbox.stripe.form import decode
from cascade_cli.sandbox.stripe.resources import ENDPOINTS
from tests.sandbox.stripe.purchases import raw


def error(sandbox: StripeSandbox, method: str, target: str, body: str = "") -> dict[str, Any]:
    answer = raw(sandbox, method, target, body)
    assert answer.status == 400
    refused: dict[str, Any] = json.loads(answer.body)["error"]
    return refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1&b=%C3%BC", {"a": "1", "b": "ü"}),
        ("a[b][c]=1&a[d]=2", {"a": {"b": {"c": "1"}, "d": "2"}}),
        ("a[0]=x&a[1]=y", {"a": {"0": "x", "1": "y"}}),
        ("a[]=x&a[]=y", {"a": {"0": "x", "1": "y"}}),
        ("a[][x]=1&a[][y]=2&a[][x]=3", {"a": {"0": {"x": "1", "y": "2"}, "1": {"x": "3"}}}),
        ("a=", {"a": ""}),
        ("", {}),
    ],
)
def test_brackets_nest(text: str, expected: dict[str, Any]) -> None:
    assert decode(text) == expected


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")
def test_every_endpoint_refuses_a_parameter_that_it_does_not_know(
    sandbox: StripeSandbox, endpoint: Any
) -> None:
    path = endpoint.path.replace("{id}", "xx_1")
    query, body = ("?nonsense=1", "") if endpoint.method == "GET" else ("", "nonsense=1")
    refused = error(sandbox, endpoint.method, path + query, body)
    assert refused["message"] == "Received unknown parameter: nonsense"
    assert (refused["code"], refused["param"]) == ("parameter_unknown", "nonsense")
    assert refused["type"] == "invalid_request_error"
    assert refused["doc_url"] == "https://stripe.com/docs/error-codes/parameter-unknown"


@pytest.mark.parametrize(
    ("target", "param", "code"),
    [
        ("/v1/charges?limit=ten", "limit", "parameter_invalid_integer"),
        ("/v1/charges?limit=1.5", "limit", "parameter_invalid_integer"),
        ("/v1/charges?limit=%D9%A3", "limit", "parameter_invalid_integer"),
        ("/v1/charges?created=" + "9" * 30, "created", "parameter_invalid_integer"),
        ("/v1/charges?limit=", "limit", "parameter_invalid_empty"),
        ("/v1/charges?created=soon", "created", "parameter_invalid_integer"),
        ("/v1/charges?created[gte]=soon", "created[gte]", "parameter_invalid_integer"),
        ("/v1/charges?created[over]=1", "created[over]", "parameter_unknown"),
        ("/v1/charges?customer[id]=1", "customer", None),
        ("/v1/charges?expand=payment_intent", "expand", None),
        ("/v1/events?delivery_success=perhaps", "delivery_success", None),
        ("/v1/events?types=charge.updated", "types", None),
        ("/v1/checkout/sessions?status=done", "status", None),
    ],
)
def test_an_ill_typed_query_is_refused(
    sandbox: StripeSandbox, target: str, param: str, code: str | None
) -> None:
    refused = error(sandbox, "GET", target)
    assert (refused["param"], refused.get("code")) == (param, code)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ("amount=1000", "currency", "parameter_missing"),
        ("currency=usd", "amount", "parameter_missing"),
        ("amount=0&currency=usd", "amount", "parameter_invalid_integer"),
        ("amount=10.5&currency=usd", "amount", "parameter_invalid_integer"),
        ("amount=1000&currency=ducats", "currency", None),
        ("amount=1000&currency=usd&confirm=maybe", "confirm", None),
        ("amount=1000&currency=usd&capture_method=later", "capture_method", None),
        ("amount=1000&currency=usd&description=" + "x" * 1001, "description", None),
        ("amount=1000&currency=usd&metadata[a][b]=1", "metadata[a]", None),
        ("amount=1000&currency=usd&customer=cus_No", "customer", "resource_missing"),
    ],
)
def test_an_ill_typed_body_is_refused(
    sandbox: StripeSandbox, body: str, param: str, code: str | None
) -> None:
    refused = error(sandbox, "POST", "/v1/payment_intents", body)
    assert (refused["param"], refused.get("code")) == (param, code)


def test_a_word_out_of_place_is_answered_with_the_words_that_fit(sandbox: StripeSandbox) -> None:
    body = "amount=1000&currency=usd&capture_method=later"
    message = error(sandbox, "POST", "/v1/payment_intents", body)["message"]
    assert message == (
        "Invalid capture_method: must be one of automatic, automatic_async, or manual"
    )


def test_json_is_not_a_form(sandbox: StripeSandbox) -> None:
    answer = raw(sandbox, "POST", "/v1/payment_intents", "{}", content_type="application/json")
    assert answer.status == 400
    assert "check that your POST content type" in json.loads(answer.body)["error"]["message"]


def test_bytes_that_are_no_text_do_no_harm(sandbox: StripeSandbox) -> None:
    assert raw(sandbox, "GET", "/v1/charges?customer=%FF%00").status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/transfers"),
        ("DELETE", "/v1/charges/ch_3No"),
        ("GET", "/"),
        ("PUT", "/v1/charges"),
    ],
)
def test_a_route_that_does_not_exist_is_a_404(
    sandbox: StripeSandbox, method: str, path: str
) -> None:
    answer = raw(sandbox, method, path)
    message = json.loads(answer.body)["error"]["message"]
    assert answer.status == 404
    assert message.startswith(f"Unrecognized request URL ({method}: {path}).")
