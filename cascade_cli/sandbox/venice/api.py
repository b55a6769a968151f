"""Venice's own HTTP API: a thin, caching reader of the same Airtable base."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.airtable.tables import Tables
from cascade_cli.sandbox.wire import Clock, Request, Response, json_response

CACHE_LIFETIME = timedelta(minutes=5)
AIRTABLE_PAGE = 100
_UNPROCESSABLE = 422
_FILTERS = {"executedBy": "ExecutedBy", "status": "Status", "type": "Type"}
_RESERVED = frozenset({"limit", "offset", "sortfield", "sortdirection"})
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?")


class VeniceSandbox:
    """Answers `/citizens/<username>` and `/stratagems`; every other route is a 404 page."""

    def __init__(self, tables: Tables, now: Clock) -> None:
        self._tables = tables
        self._now = now
        self._citizens: dict[str, tuple[datetime, dict[str, Any] | None]] = {}

    def handle(self, request: Request) -> Response:
        """Answer one request; its path is relative to the API's base."""
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        match parts:
            case ["stratagems"]:
                answer = self._list_stratagems
            case ["citizens", username] if username:
                return self._only_get(request) or self._show_citizen(username)
            case _:
                return _no_such_page()
        return self._only_get(request) or answer(parse_qs(request.query))

    def _only_get(self, request: Request) -> Response | None:
        return None if request.method in {"GET", "HEAD"} else Response(405)

    def _show_citizen(self, username: str) -> Response:
        cached = self._citizens.get(username)
        if cached and self._now() - cached[0] < CACHE_LIFETIME:
            # A miss is cached as well, and comes back as a success without a citizen.
            return json_response(200, {"success": True, "citizen": cached[1], "_cached": True})
        try:
            # The live route does not escape the name either.
            found = self._tables.select("CITIZENS", f'{{Username}} = "{username}"')
        except Refusal as refusal:
            document = {"success": False, "error": "Failed to fetch citizen data"}
            return json_response(500, {**document, "message": str(refusal)})
        citizen = _citizen(found[0]["fields"]) if found else None
        self._citizens[username] = (self._now(), citizen)
        if citizen is None:
            error = f"No citizen found for username: {username}"
            return json_response(404, {"success": False, "error": error})
        return json_response(200, {"success": True, "citizen": citizen})

    def _list_stratagems(self, query: dict[str, list[str]]) -> Response:
        limit = re.match(r"\s*(\d+)", query.get("limit", ["100"])[0])
        if limit is None or int(limit[1]) == 0:
            return _fallback()
        try:
            rows = self._tables.select("STRATAGEMS", _formula(query))
        except Refusal as refusal:
            return _fallback() if refusal.status == _UNPROCESSABLE else _failed(refusal)
        rows.sort(key=lambda row: str(row["fields"].get("ExecutedAt", "")), reverse=True)
        page = rows[: min(int(limit[1]), AIRTABLE_PAGE)]
        stratagems = [{"stratagemId": row["id"], **_camel_case(row["fields"])} for row in page]
        return json_response(200, {"success": True, "stratagems": stratagems})


def _formula(query: dict[str, list[str]]) -> str | None:
    """The filters as a formula; an unknown parameter counts as a field's name."""
    parts = []
    for name, values in query.items():
        if name.lower() in _RESERVED:
            continue
        field = _FILTERS.get(name, name)
        wanted = values if name == "executedBy" else values[:1]
        tests = [f"{{{field}}} = {_literal(value, as_text=name in _FILTERS)}" for value in wanted]
        parts.append(tests[0] if len(tests) == 1 else f"OR({', '.join(tests)})")
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else f"AND({', '.join(parts)})"


def _literal(value: str, *, as_text: bool) -> str:
    if not as_text:
        if _NUMBER.fullmatch(value):
            return value
        if value.lower() in {"true", "false"}:
            return f"{value.upper()}()"
    return "'" + value.replace("'", "\\'") + "'"


def _camel_case(fields: dict[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in fields.items()}


def _citizen(fields: dict[str, Any]) -> dict[str, Any]:
    # The live route joins BUILDINGS for these two; this base has no such table.
    return {**_camel_case(fields), "worksFor": None, "workplace": None}


def _fallback() -> Response:
    """An empty list, with which the live route hides that Airtable refused the request."""
    document = {
        "success": True,
        "stratagems": [],
        "_fallbackError": True,
        "error": "Airtable could not process the request formula.",
    }
    return json_response(200, document)


def _failed(refusal: Refusal) -> Response:
    error = f"Failed to fetch stratagems: {refusal}"
    return json_response(refusal.status, {"success": False, "error": error})


def _no_such_page() -> Response:
    body = b"<!DOCTYPE html><html><title>404: This page could not be found.</title></html>"
    return Response(404, body, {"Content-Type": "text/html; charset=utf-8"})
