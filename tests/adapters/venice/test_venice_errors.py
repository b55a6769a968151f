from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from cascade_cli.adapters.venice.errors import error_of, translated_errors
from cascade_cli.errors import (
    AnswerError,
    CascadeError,
    CredentialsError,
    ExitCode,
    QuotaError,
    RightsError,
    SchemaError,
    ServiceError,
    SettingsError,
    ThrottledError,
    UnreachableError,
)


def tree(root: type[requests.RequestException]) -> Iterator[type[requests.RequestException]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


EVERY_ERROR = sorted(set(tree(requests.RequestException)), key=lambda error: error.__name__)


def response(status: int, body: object = None, text: str | None = None) -> requests.Response:
    made = requests.Response()
    made.status_code, made.reason = status, "Reason"
    made._content = (json.dumps(body) if text is None else text).encode()
    return made


def raised(error: Exception) -> CascadeError:
    with pytest.raises(CascadeError) as caught, translated_errors():
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize("theirs", EVERY_ERROR, ids=lambda error: error.__name__)
def test_no_exception_of_requests_is_left_unmapped(
    theirs: type[requests.RequestException],
) -> None:
    error = theirs.__new__(theirs)
    requests.RequestException.__init__(error, "said so", response=response(500))
    ours = raised(error)
    assert ours.exit_code in {ExitCode.SETTINGS, ExitCode.INCOMPLETE}
    assert ours.message
    assert ours.hint


@pytest.mark.parametrize(
    ("status", "body", "ours"),
    [
        (401, {"error": {"type": "AUTHENTICATION_REQUIRED"}}, CredentialsError),
        (403, {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"}}, RightsError),
        (404, {"error": "NOT_FOUND"}, RightsError),
        (404, {"error": {"type": "MODEL_ID_NOT_FOUND"}}, RightsError),
        (422, {"error": {"type": "UNKNOWN_FIELD_NAME", "message": "Ducat"}}, SchemaError),
        (422, {"error": {"type": "INVALID_FILTER_BY_FORMULA"}}, SchemaError),
        (422, {"error": {"type": "INVALID_REQUEST_UNKNOWN"}}, AnswerError),
        (429, {"errors": [{"error": "RATE_LIMIT_REACHED"}]}, ThrottledError),
        (429, {"error": {"type": "PUBLIC_API_BILLING_LIMIT_EXCEEDED"}}, QuotaError),
        (429, {"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED"}]}, QuotaError),
        (500, {"error": {"type": "SERVER_ERROR"}}, ServiceError),
        (503, {}, ServiceError),
        (418, {"error": "TEAPOT"}, ServiceError),
    ],
)
def test_airtables_refusals_become_the_error_that_says_what_to_do(
    status: int, body: object, ours: type[CascadeError]
) -> None:
    assert type(raised(requests.HTTPError(response=response(status, body)))) is ours


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "null", "5", '{"error": null}', '{"error": []}', '{"errors": {}}']
)
def test_an_error_answer_that_is_not_airtables_is_still_told(body: str) -> None:
    error = requests.HTTPError(response=response(502, text=body))
    assert raised(error).message == "Airtable failed (HTTP 502, Reason)"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": "NOT_FOUND"}, ("NOT_FOUND", "")),
        ({"error": {"type": "T", "message": "m"}}, ("T", "m")),
        ({"errors": [{"error": "T", "message": "m"}]}, ("T", "m")),
    ],
)
def test_airtables_error_is_read_in_all_its_forms(body: object, kind: tuple[str, str]) -> None:
    assert error_of(response(400, body)) == kind


@pytest.mark.parametrize("error", [TypeError(), ValueError(), KeyError("x"), AttributeError()])
def test_what_pyairtable_makes_of_a_senseless_answer_is_an_answer_error(error: Exception) -> None:
    assert type(raised(error)) is AnswerError


@pytest.mark.parametrize("error", [requests.ConnectionError("x"), requests.ReadTimeout("x")])
def test_no_answer_is_unreachable(error: Exception) -> None:
    assert type(raised(error)) is UnreachableError


def test_an_address_that_is_none_is_a_setting_to_correct() -> None:
    assert type(raised(requests.exceptions.InvalidURL("x"))) is SettingsError
