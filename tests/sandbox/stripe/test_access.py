"""Keys, what they may do, versions, and the rate limit."""

from __future__ import annotations

import base64
import json

import pytest
import stripe

from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import StripeSandbox
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, ClientMaker, raw, refusal, ten_dollars


@pytest.mark.parametrize("key", ["sk_test_anything", "rk_test_anything", "sk_test_51_abc"])
def test_every_test_key_is_good(client_for: ClientMaker, key: str) -> None:
    assert client_for(key).charges.list().data == []


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_" + "live_" + "x" * 20 + "abcd", "sk_live_" + "*" * 20 + "abcd"),
        ("pk_test_123456789012", "pk_test_********9012"),
        ("nonsense-and-more", "*" * 13 + "more"),
        ("short", "*****"),
    ],
)
def test_any_other_key_is_invalid_and_masked(client_for: ClientMaker, key: str, shown: str) -> None:
    error = refusal(client_for(key).charges.list)
    assert isinstance(error, stripe.AuthenticationError)
    assert error.http_status == 401
    assert error.user_message == f"Invalid API Key provided: {shown}"


def test_without_a_key_there_is_no_answer(sandbox: StripeSandbox) -> None:
    answer = raw(sandbox, "GET", "/v1/charges", authorization="")
    assert answer.status == 401
    message = json.loads(answer.body)["error"]["message"]
    assert message.startswith("You did not provide an API key.")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Stripe"'


def test_a_key_may_come_as_the_user_of_basic_authorization(sandbox: StripeSandbox) -> None:
    credentials = base64.b64encode(b"sk_test_cascade:").decode()
    answer = raw(sandbox, "GET", "/v1/charges", authorization=f"Basic {credentials}")
    assert answer.status == 200


def test_a_read_only_key_reads_and_does_not_write(client_for: ClientMaker, client: V1) -> None:
    reader = client_for("rk_test_readonly_1234")
    assert reader.payment_intents.list().data == []
    error = refusal(reader.payment_intents.create, ten_dollars())
    assert isinstance(error, stripe.PermissionError)
    assert "'rk_test_***y_1234' does not have the required permissions" in str(error)
    assert "('payment_intent_write')" in str(error)
    assert client.payment_intents.list().data == []


def test_a_powerless_key_may_not_even_read(client_for: ClientMaker) -> None:
    error = refusal(client_for("rk_test_none_1234").events.list)
    assert (type(error), error.http_status) == (stripe.PermissionError, 403)


def test_a_key_may_lack_the_rights_to_one_kind_of_object_alone(client_for: ClientMaker) -> None:
    lacking = client_for("rk_test_without_dispute")
    assert refusal(lacking.disputes.list).http_status == 403
    assert lacking.charges.list().data == []


def test_every_answer_has_its_own_request_id(sandbox: StripeSandbox) -> None:
    targets = ("/v1/charges", "/v1/charges/ch_3No", "/v1/nowhere", "/pay/cs_test_a1No")
    ids = {raw(sandbox, "GET", target).headers["Request-Id"] for target in targets}
    assert len(ids) == len(targets)
    assert all(id.startswith("req_") for id in ids)


def test_a_refusal_names_its_request(client: V1) -> None:
    error = refusal(client.charges.retrieve, "ch_3No")
    assert error.request_id is not None
    assert error.error is not None
    assert error.error.request_log_url is not None
    assert error.error.request_log_url.endswith(error.request_id)


def test_the_version_asked_for_is_the_version_answered(client: V1) -> None:
    for asked in ("2026-10-28.endive", "2024-06-20"):
        listed = client.charges.list({}, {"stripe_version": asked})
        assert listed.last_response is not None
        assert listed.last_response.headers["Stripe-Version"] == asked


def test_without_a_version_it_is_the_sdks(sandbox: StripeSandbox) -> None:
    assert raw(sandbox, "GET", "/v1/charges").headers["Stripe-Version"] == "2026-10-28.endive"


def test_a_version_that_is_none_is_refused(client: V1) -> None:
    error = refusal(client.charges.list, {}, {"stripe_version": "latest"})
    assert (error.http_status, error.user_message) == (400, "Invalid Stripe API version: latest")


def test_requests_beyond_the_rate_are_429_until_time_has_passed(
    store: Store, clock: StoppedClock, client_for: ClientMaker
) -> None:
    limited = StripeSandbox(store, clock, rate_per_second=3)
    with SandboxServer(limited.handle) as server:
        client = client_for("sk_test_cascade", server.url)
        for _ in range(3):
            client.charges.list()
        error = refusal(client.charges.list)
        clock.pass_(seconds=0.4)
        client.charges.list()
        assert isinstance(refusal(client.charges.list), stripe.RateLimitError)
    assert error.error is not None
    assert (error.http_status, error.error.code) == (429, "rate_limit")
    assert error.headers is not None
    assert error.headers["Stripe-Should-Retry"] == "false"
