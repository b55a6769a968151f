from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from cascade_cli.adapters.http.foreign_text import MOST_CHARACTERS, body_described, one_line
from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.transport import Transport
from cascade_cli.adapters.stripe.client import stripe_client, translate, translated_errors
from cascade_cli.errors import (
    AnswerError,
    CascadeError,
    CredentialsError,
    ExitCode,
    RightsError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from tests.adapters.scripted_server import ScriptedServer, answer


def tree(root: type[stripe.StripeError]) -> Iterator[type[stripe.StripeError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


EVERY_ERROR = sorted(set(tree(stripe.StripeError)), key=lambda error: error.__name__)


def made(error: type[stripe.StripeError], **fields: object) -> stripe.StripeError:
    """Some of the classes want more arguments than a message."""
    instance = error.__new__(error)
    stripe.StripeError.__init__(instance, "said so", **fields)  # type: ignore[arg-type]
    return instance


def test_the_sdk_has_the_errors_that_the_table_names() -> None:
    assert {"CardError", "IdempotencyError", "SignatureVerificationError"} <= {
        error.__name__ for error in EVERY_ERROR
    }


@pytest.mark.parametrize("theirs", EVERY_ERROR, ids=lambda error: error.__name__)
def test_no_exception_of_the_sdk_is_left_unmapped(theirs: type[stripe.StripeError]) -> None:
    error = made(theirs)
    with pytest.raises(CascadeError) as caught, translated_errors():
        raise error
    assert caught.value.exit_code in {ExitCode.SETTINGS, ExitCode.INCOMPLETE}
    assert caught.value.__cause__ is error
    assert caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (stripe.AuthenticationError, CredentialsError),
        (stripe.PermissionError, RightsError),
        (stripe.APIConnectionError, UnreachableError),
        (stripe.RateLimitError, ThrottledError),
        (stripe.InvalidRequestError, AnswerError),
        (stripe.APIError, ServiceError),
    ],
)
def test_each_exception_becomes_the_one_that_says_what_to_do(
    theirs: type[stripe.StripeError], ours: type[CascadeError]
) -> None:
    assert type(translate(made(theirs))) is ours


def test_missing_rights_are_told_by_the_status_whatever_the_class() -> None:
    error = made(stripe.InvalidRequestError, http_status=403)
    assert type(translate(error)) is RightsError


def test_only_the_first_line_of_a_message_is_told() -> None:
    error = stripe.APIError("one\ntwo\nthree")
    assert translate(error).message == "Stripe failed: one"


def test_an_error_without_a_message_is_told_by_its_name() -> None:
    assert translate(stripe.APIError("")).message.startswith("Stripe failed: ")


@pytest.mark.parametrize(
    "nonsense", [AttributeError("x"), KeyError("x"), IndexError(), TypeError()]
)
def test_what_the_sdk_makes_of_foreign_json_is_an_answer_error(nonsense: Exception) -> None:
    with pytest.raises(AnswerError), translated_errors():
        raise nonsense


TRUNCATED = (
    b'{"object": "list", "data": [{"client_secret": "pi_1_secret_abc", "x": ' + b" " * 25_000
)


@pytest.mark.parametrize("status", [200, 500])
def test_a_body_that_makes_no_sense_is_told_by_its_size_and_type(status: int) -> None:
    """The SDK's own text has the whole of it."""
    script = answer(status, TRUNCATED.decode(), Content_Type="application/json")
    transport = Transport(Pacer(0), lockout_seconds=0, attempts=1)
    with (
        ScriptedServer(script) as server,
        pytest.raises(AnswerError) as caught,
        translated_errors(),
    ):
        stripe_client("sk_test_1", server.url, transport).v1.charges.list()
    assert caught.value.message == (
        f"Stripe's answer makes no sense (HTTP {status}, 25,070 bytes of application/json)"
    )
    assert caught.value.__cause__ is None


def test_of_a_web_page_the_first_words_are_told() -> None:
    page = b"<html><head><title>502 Bad Gateway</title><script>let key = 1</script></head></html>"
    assert body_described(page, "text/html; charset=utf-8") == (
        f"{len(page)} bytes of text/html: 502 Bad Gateway"
    )


def test_a_services_message_is_one_line_of_bounded_length() -> None:
    line = one_line("one\r\ntwo\x1b[31m" + "x" * 500)
    assert line.startswith("one two [31mx")
    assert len(line) == MOST_CHARACTERS + 1
