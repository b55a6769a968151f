"""Turn the exceptions of pyairtable and requests into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from cascade_cli.adapters.http.foreign_text import one_line
from cascade_cli.adapters.http.transport import READ_TIMEOUT_SECONDS
from cascade_cli.errors import (
    AnswerError,
    CascadeError,
    CredentialsError,
    QuotaError,
    RightsError,
    SchemaError,
    ServiceError,
    SettingsError,
    ThrottledError,
    UnreachableError,
)

RIGHTS_HINT = (
    "Check AIRTABLE_BASE_ID, the spelling of the base's tables, and that the token in "
    "AIRTABLE_API_KEY has data.records:read for this base."
)
_QUOTA = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
EXPIRED_ITERATOR = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"

# What pyairtable raises for a 200 whose body is empty, not JSON, or JSON of another shape.
SENSELESS = (TypeError, ValueError, AttributeError, KeyError)

_BAD_URL = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
)

# By Airtable's error type, then by HTTP status. Anything in neither table is a ServiceError.
_BY_TYPE: dict[str, tuple[type[CascadeError], str, str]] = {
    "UNKNOWN_FIELD_NAME": (
        SchemaError,
        "The base lacks a field that cascade needs",
        "Compare the base's fields with `cascade help costs`; field names are case sensitive.",
    ),
    "INVALID_FILTER_BY_FORMULA": (
        SchemaError,
        "The base refused cascade's formula",
        "A field that it filters by is missing or renamed: compare with `cascade help costs`.",
    ),
    _QUOTA: (
        QuotaError,
        "Airtable's allowance of API calls for this month is used up",
        "Waiting does not help: raise the workspace's plan, or wait for the next month.",
    ),
}
_BY_STATUS: dict[int, tuple[type[CascadeError], str, str]] = {
    401: (
        CredentialsError,
        "Airtable refused the token",
        "Check AIRTABLE_API_KEY: create a personal access token under airtable.com/create/tokens.",
    ),
    403: (RightsError, "Airtable forbids this, or the base or table does not exist", RIGHTS_HINT),
    404: (RightsError, "Airtable cannot find the base or table", RIGHTS_HINT),
    422: (
        AnswerError,
        "Airtable refused the request",
        "This looks like a change in the base or in Airtable's API; please report it.",
    ),
    429: (
        ThrottledError,
        "Airtable still answers 'too many requests'",
        "Another program may be using up the base's 5 requests a second; run it again later.",
    ),
}


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what pyairtable and requests raise in this block into our errors, with their cause."""
    try:
        yield
    except (requests.RequestException, *SENSELESS) as error:
        raise translate(error) from error


def translate(error: Exception) -> CascadeError:
    """Our error for one of theirs."""
    if isinstance(error, requests.HTTPError):
        return _translate_answer(error.response)
    if isinstance(error, _BAD_URL):
        return SettingsError(
            f"AIRTABLE_ENDPOINT_URL cannot be used: {error}", "Leave it out for the live service."
        )
    if isinstance(error, SENSELESS):
        return AnswerError(
            f"Airtable's answer makes no sense ({type(error).__name__})",
            "There may be a proxy in between: check AIRTABLE_ENDPOINT_URL, then run it again.",
        )
    seconds = f" within {READ_TIMEOUT_SECONDS} s" if isinstance(error, requests.Timeout) else ""
    return UnreachableError(
        f"Airtable gave no answer{seconds} ({type(error).__name__})",
        "Check the network and AIRTABLE_ENDPOINT_URL, then run the same command again.",
    )


def _translate_answer(response: requests.Response) -> CascadeError:
    kind, message = error_of(response)
    ours, what, hint = _BY_TYPE.get(kind) or _BY_STATUS.get(
        response.status_code,
        (ServiceError, "Airtable failed", "See status.airtable.com, then run it again."),
    )
    said = ": ".join(part for part in (kind, message) if part) or response.reason
    return ours(f"{what} (HTTP {response.status_code}, {one_line(said)})", hint)


def error_of(response: requests.Response) -> tuple[str, str]:
    """Airtable's error type and message; its `error` may be an object, a string or absent."""
    try:
        body: Any = response.json()
    except requests.exceptions.JSONDecodeError:
        return "", ""
    error = body.get("error") if isinstance(body, dict) else None
    if error is None and isinstance(body, dict) and body.get("errors"):
        error = body["errors"][0]
    if isinstance(error, dict):
        return str(error.get("type") or error.get("error") or ""), str(error.get("message") or "")
    return str(error or ""), ""
