"""Airtable's refusals, as exceptions.

Types, status codes and wordings are those that clients of api.airtable.com report seeing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class Refusal(Exception):  # noqa: N818 (a refusal is an answer, not a fault)
    """A request that Airtable answers with `status` and an error of `type`; nothing was changed."""

    def __init__(self, status: int, type: str, message: str = "") -> None:
        super().__init__(f"{status} {type}: {message}" if message else f"{status} {type}")
        self.status = status
        self.type = type
        self.message = message

    @property
    def document(self) -> dict[str, Any]:
        """The JSON body, in one of Airtable's three shapes."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return {"errors": [{"error": self.type, "message": self.message}]}
        if self.type == "NOT_FOUND":
            return {"error": self.type}
        detail = {"type": self.type, "message": self.message}
        return {"error": {name: text for name, text in detail.items() if text}}


def authentication_required() -> Refusal:
    """The request has no token, or an unknown one."""
    return Refusal(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def forbidden() -> Refusal:
    """The token lacks a right, or the base or table is missing; Airtable does not say which."""
    return Refusal(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user and "
        "your token have the required permissions, and that the model names and/or ids are "
        "correct.",
    )


def not_found() -> Refusal:
    """A path or an id that cannot exist: the error is a bare string."""
    return Refusal(404, "NOT_FOUND")


def record_not_found() -> Refusal:
    """A well-formed record id that names nothing in the table."""
    return Refusal(404, "MODEL_ID_NOT_FOUND", "Record not found")


def row_does_not_exist(record_id: str) -> Refusal:
    """A well-formed record id that names nothing, in a batch of updates."""
    return Refusal(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")


def unknown_field(name: object) -> Refusal:
    """A field that the table lacks, in cells, `fields` or `sort`."""
    return Refusal(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')


def computed_field(name: str) -> Refusal:
    """A write to a field that Airtable computes."""
    return Refusal(
        422,
        "INVALID_VALUE_FOR_COLUMN",
        f'Field "{name}" cannot accept a value because the field is computed',
    )


def wrong_value(name: str) -> Refusal:
    """A value of the wrong type for its field."""
    return Refusal(
        422, "INVALID_VALUE_FOR_COLUMN", f'Field "{name}" cannot accept the provided value'
    )


def unknown_option(value: str) -> Refusal:
    """A select value that is no option; the doubled quotes are Airtable's."""
    return Refusal(
        422,
        "INVALID_MULTIPLE_CHOICE_OPTIONS",
        f'Insufficient permissions to create new select option ""{value}""',
    )


def invalid_request() -> Refusal:
    """Parameters that fail validation; Airtable does not say which."""
    return Refusal(
        422,
        "INVALID_REQUEST_UNKNOWN",
        "Invalid request: parameter validation failed. Check your request data.",
    )


def invalid_records(message: str) -> Refusal:
    """A batch that is empty, too long or ill-formed."""
    return Refusal(422, "INVALID_RECORDS", message)


def invalid_formula(
    detail: str = "Invalid formula. Please check your formula text.",
) -> Refusal:
    """A `filterByFormula` that cannot be parsed, or names an unknown field or function."""
    return Refusal(
        422,
        "INVALID_FILTER_BY_FORMULA",
        f"The formula for filtering records is invalid: {detail}",
    )
