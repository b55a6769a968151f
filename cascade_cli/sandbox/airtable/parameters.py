"""Reads a request's parameters from its query or JSON body, and checks them as Airtable does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cascade_cli.sandbox.airtable import refusal
from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.wire import Request

MAX_PAGE = 100
_SORT = re.compile(r"sort\[(\d{1,3})\]\[(field|direction)\]")
_WHOLE = re.compile(r"[0-9]{1,9}")
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_LISTING = frozenset(
    {"filterByFormula", "fields", "sort", "pageSize", "maxRecords", "offset", "view"}
    | {"returnFieldsByFieldId", "recordMetadata", "cellFormat", "timeZone", "userLocale"}
)


@dataclass(frozen=True)
class Sorting:
    """One sort key; `field` is a name or an id."""

    field: str
    descending: bool


@dataclass(frozen=True)
class Listing:
    """What a list request asks for. If `fields` is None, it asks for all fields."""

    formula: str | None
    fields: tuple[str, ...] | None
    sorting: tuple[Sorting, ...]
    page_size: int
    max_records: int | None
    offset: str | None
    view: str | None
    by_id: bool


def listing(request: Request) -> Listing:
    """Read a GET, or a POST to listRecords. Raises Refusal (422) for an invalid parameter."""
    given = _query(request.query)
    if request.method == "POST":
        given = _only({"timeZone", "userLocale"}, given) | body(request)
    given = _only(_LISTING, {name: value for name, value in given.items() if value is not None})
    if given.get("cellFormat", "json") != "json" or _metadata(given) - {"commentCount"}:
        raise refusal.invalid_request()
    fields = given.get("fields")
    return Listing(
        formula=_text(given, "filterByFormula"),
        fields=None if fields is None else tuple(_texts(fields)),
        sorting=tuple(_sorting(one) for one in _list(given.get("sort", []))),
        page_size=_number(given, "pageSize", MAX_PAGE) or MAX_PAGE,
        max_records=_number(given, "maxRecords", None),
        offset=_text(given, "offset"),
        view=_text(given, "view"),
        by_id=_flag(given),
    )


def returns_ids(request: Request) -> bool:
    """Whether a request for one record wants its cells by field id instead of by name."""
    allowed = {"returnFieldsByFieldId", "cellFormat", "timeZone", "userLocale"}
    given = _only(allowed, _query(request.query))
    if given.get("cellFormat", "json") != "json":
        raise refusal.invalid_request()
    return _flag(given)


def record_ids(request: Request) -> list[str]:
    """The record ids that a DELETE passes as `records[]`."""
    return _texts(_query(request.query).get("records", []))


def included(request: Request) -> list[str]:
    """The values that a request for the schema passes as `include`."""
    return _texts(_query(request.query).get("include", []))


def body(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Raises Refusal (422) if there is none."""
    try:
        document = json.loads(request.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(422, "INVALID_REQUEST_BODY", "Could not parse request body") from error
    if not isinstance(document, dict):
        raise refusal.invalid_request()
    return document


def _query(query: str) -> dict[str, Any]:
    """The query with `x[]` gathered into lists and `sort[0][field]` into objects."""
    given: dict[str, Any] = {}
    sorting: dict[int, dict[str, str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        key = name.removesuffix("[]")
        if match := _SORT.fullmatch(name):
            sorting.setdefault(int(match[1]), {})[match[2]] = value
        elif key in {"fields", "records", "recordMetadata", "include"}:
            given.setdefault(key, []).append(value)
        else:
            given[key] = _typed(key, value)
    if sorting:
        given["sort"] = [sorting[index] for index in sorted(sorting)]
    return given


def _typed(key: str, value: str) -> Any:
    if key in {"pageSize", "maxRecords"} and _WHOLE.fullmatch(value):
        return int(value)
    if key == "returnFieldsByFieldId":
        return _FLAGS.get(value, value)
    return value


def _only(allowed: frozenset[str] | set[str], given: dict[str, Any]) -> dict[str, Any]:
    if not allowed.issuperset(given):
        raise refusal.invalid_request()
    return given


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise refusal.invalid_request()
    return value


def _texts(values: Any) -> list[str]:
    if not all(isinstance(value, str) for value in _list(values)):
        raise refusal.invalid_request()
    return list(values)


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise refusal.invalid_request()
    return values


def _metadata(given: Mapping[str, Any]) -> set[str]:
    return set(_texts(given.get("recordMetadata", [])))


def _number(given: Mapping[str, Any], name: str, most: int | None) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refusal.invalid_request()
    if most is not None and value > most:
        raise refusal.invalid_request()
    return value


def _flag(given: Mapping[str, Any]) -> bool:
    value = given.get("returnFieldsByFieldId", False)
    if not isinstance(value, bool):
        raise refusal.invalid_request()
    return value


def _sorting(given: Any) -> Sorting:
    if not isinstance(given, dict) or not {"field", "direction"}.issuperset(given):
        raise refusal.invalid_request()
    field, direction = given.get("field"), given.get("direction", "asc")
    if not isinstance(field, str) or direction not in {"asc", "desc"}:
        raise refusal.invalid_request()
    return Sorting(field, direction == "desc")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
