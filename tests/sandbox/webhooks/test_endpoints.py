"""/v1/webhook_endpoints as stripe-python sees it."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import stripe

from cascade_cli.sandbox.stripe.event_types import EVENT_TYPES
from tests.harness.sandboxed import Sandboxed
from tests.sandbox.stripe.purchases import V1, code, refusal

URL = "http://127.0.0.1:9/hook"


def create(client: V1, **more: Any) -> stripe.WebhookEndpoint:
    params: Any = {"url": URL, "enabled_events": ["*"], **more}
    return client.webhook_endpoints.create(params)


def test_an_endpoint_has_exactly_the_fields_of_its_sdk_class(client: V1) -> None:
    declared = set(stripe.WebhookEndpoint.__annotations__) - {"OBJECT_NAME", "deleted"}
    assert set(create(client).to_dict()) == declared


def test_the_secret_is_shown_at_creation_and_never_again(client: V1) -> None:
    created = create(client)
    assert str(created.secret).startswith("whsec_")
    again = [
        client.webhook_endpoints.retrieve(created.id),
        client.webhook_endpoints.update(created.id, {"description": "x"}),
        client.webhook_endpoints.list().data[0],
    ]
    assert ["secret" in endpoint for endpoint in again] == [False] * 3


def test_each_endpoint_has_a_secret_of_its_own(client: V1) -> None:
    assert create(client).secret != create(client).secret


def test_what_was_asked_for_is_kept(client: V1) -> None:
    asked = {
        "api_version": "2026-10-28.endive",
        "description": "the payment API",
        "enabled_events": ["payment_intent.succeeded", "charge.refunded"],
        "metadata": {"team": "ops"},
    }
    kept = client.webhook_endpoints.retrieve(create(client, **asked).id).to_dict()
    assert {name: kept[name] for name in asked} == asked
    assert (kept["status"], kept["livemode"], kept["url"]) == ("enabled", False, URL)


def test_an_update_changes_what_it_names_and_nothing_else(client: V1) -> None:
    before = create(client, description="old").to_dict()
    changes: Any = {"disabled": True, "url": f"{URL}/2", "enabled_events": ["charge.succeeded"]}
    after = client.webhook_endpoints.update(before["id"], changes).to_dict()
    expected = {"status": "disabled", "url": f"{URL}/2", "enabled_events": ["charge.succeeded"]}
    assert after == {name: v for name, v in before.items() if name != "secret"} | expected


def test_an_empty_description_removes_it(client: V1) -> None:
    id = create(client, description="old").id
    assert client.webhook_endpoints.update(id, {"description": ""}).description is None


def test_a_deleted_endpoint_is_gone(client: V1) -> None:
    id = create(client).id
    answer = client.webhook_endpoints.delete(id).to_dict()
    assert answer == {"id": id, "object": "webhook_endpoint", "deleted": True}
    assert refusal(client.webhook_endpoints.retrieve, id).http_status == 404
    assert refusal(client.webhook_endpoints.delete, id).http_status == 404
    assert client.webhook_endpoints.list().data == []


def test_endpoints_are_listed_newest_first_in_pages(client: V1) -> None:
    ids = [create(client).id for _ in range(3)]
    page = client.webhook_endpoints.list({"limit": 2})
    assert [each.id for each in page.auto_paging_iter()] == ids[::-1]
    assert page.has_more


@pytest.mark.parametrize("host", ["localhost:9", "127.5.0.1", "[::1]:9"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_may_be_told(client: V1, scheme: str, host: str) -> None:
    url = f"{scheme}://{host}/hook"
    assert create(client, url=url).url == url


@pytest.mark.parametrize(
    ("scheme", "rest"),
    [
        ("https:", "//hooks.example.com/"),
        ("http:", "//10.0.0.1/"),
        ("http:", "//127.0.0.1@hooks.example.com/"),
        ("http:", "//127.0.0.1.example.com/"),
        ("http:", "//0.0.0.0/"),
        ("http:", "//127.0.0.1:99999/"),
        ("http:", "//127.0.0.1/a b"),
        ("http:", "//"),
        ("ftp:", "//127.0.0.1/"),
        ("", "hook"),
    ],
)
def test_nobody_else_may_be_told(client: V1, scheme: str, rest: str) -> None:
    url = scheme + rest
    assert code(create_at, client, url) == (400, "url_invalid", "url")
    endpoint = create(client).id
    expected = (400, "url_invalid", "url")
    assert code(client.webhook_endpoints.update, endpoint, {"url": url}) == expected


def create_at(client: V1, url: str) -> None:
    create(client, url=url)


@pytest.mark.parametrize("name", ["url", "enabled_events"])
def test_an_endpoint_needs(client: V1, name: str) -> None:
    params: Any = {"url": URL, "enabled_events": ["*"]}
    del params[name]
    assert code(client.webhook_endpoints.create, params) == (400, "parameter_missing", name)


@pytest.mark.parametrize("event", ["charge.succeded", "charge.*", "charge"])
def test_events_that_stripe_does_not_have_are_refused(client: V1, event: str) -> None:
    params: Any = {"url": URL, "enabled_events": ["charge.succeeded", event]}
    expected = (400, None, "enabled_events[1]")
    assert code(client.webhook_endpoints.create, params) == expected


def test_the_names_of_events_are_those_of_the_sdk() -> None:
    (literal,) = get_args(
        stripe.params.WebhookEndpointCreateParams.__annotations__["enabled_events"]
    )
    assert {"*", *EVENT_TYPES} == set(get_args(literal))


def test_a_key_that_may_only_read_registers_nothing(sandboxed: Sandboxed) -> None:
    base = f"{sandboxed.url}/stripe"
    reader = stripe.StripeClient("rk_test_readonly", base_addresses={"api": base}).v1
    assert reader.webhook_endpoints.list().data == []
    assert refusal(create, reader).http_status == 403
