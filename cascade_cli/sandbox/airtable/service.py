"""Airtable's web API over the sandbox's tables: routes, scopes, limits."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from cascade_cli.sandbox.airtable import parameters, refusal
from cascade_cli.sandbox.airtable.limits import Limits
from cascade_cli.sandbox.airtable.listing import Lister
from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.airtable.schema import Table, stable_id
from cascade_cli.sandbox.airtable.tables import Tables, is_id, renderer
from cascade_cli.sandbox.airtable.writing import RecordWriter
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.wire import Clock, Request, Response, json_response

BASE_ID = "appSandboxVenice01"
BASE_NAME = "La Serenissima"
USER_ID = stable_id("usr", BASE_ID)
MAX_URL_LENGTH = 16_000
_ORIGIN = "https://api.airtable.com"
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_Answer = dict[str, Any]
_READ, _WRITE, _META = "data.records:read", "data.records:write", "schema.bases:read"
_SCOPES = {
    "patSandboxReadOnly": frozenset({_READ, _META}),
    "patSandboxNoSchema": frozenset({_READ, _WRITE}),
    "patSandboxNothing": frozenset[str](),
    "patSandbox": frozenset({_READ, _WRITE, _META}),
}
"""The scopes of a token: those of the first key here that the token starts with."""


class AirtableSandbox:
    """One base, served as api.airtable.com serves it; paths begin with `/v0/`.

    `rate_per_second` and `monthly_quota` switch on the two kinds of 429; `random` draws the ids.
    """

    def __init__(
        self,
        store: Store,
        now: Clock,
        *,
        rate_per_second: float | None = None,
        monthly_quota: int | None = None,
        random: random_module.Random | None = None,
    ) -> None:
        chance = random or random_module.Random()
        self.tables = Tables(store, now, chance)
        self._now = now
        self._limits = Limits(rate_per_second, monthly_quota)
        self._lister = Lister(self.tables, now, chance)
        self._writer = RecordWriter(store, self.tables)

    def handle(self, request: Request) -> Response:
        """The answer to one request; refusals become Airtable's error documents."""
        try:
            return json_response(200, self._answer(request), _HEADERS)
        except Refusal as refused:
            return json_response(refused.status, refused.document, _HEADERS)

    def count_another_s(self) -> None:
        """Count a request that did not come over HTTP. Raises Refusal if it is one too many."""
        self._limits.count(self._now(), records=True)

    def _answer(self, request: Request) -> _Answer:
        if len(_ORIGIN + request.path + request.query) > MAX_URL_LENGTH:
            raise Refusal(414, "REQUEST_URI_TOO_LONG", "The URL is longer than 16000 characters.")
        version, *segments = [unquote(part) for part in request.path.strip("/").split("/")]
        if version != "v0" or not segments:
            raise refusal.not_found()
        granted = _scopes(request)
        about_records = segments[0] != "meta"
        self._limits.count(self._now(), about_records)
        if about_records:
            return self._records(request, segments, granted)
        return self._meta(request, segments[1:], granted)

    def _meta(self, request: Request, segments: list[str], granted: frozenset[str]) -> _Answer:
        if request.method != "GET":
            raise refusal.not_found()
        match segments:
            case ["whoami"]:
                return {"id": USER_ID}
            case ["bases"]:
                _require(granted, _META)
                return {"bases": [_base(granted)]}
            case ["bases", base, "tables"]:
                _require(granted, _META)
                _check_base(base)
                return self._schema(request)
        raise refusal.not_found()

    def _schema(self, request: Request) -> _Answer:
        include = parameters.included(request)
        if set(include) - {"visibleFieldIds"}:
            raise refusal.invalid_request()
        tables = self.tables.catalogue.tables()
        return {"tables": [table.document(bool(include)) for table in tables]}

    def _records(self, request: Request, segments: list[str], granted: frozenset[str]) -> _Answer:
        if len(segments) == 1:
            raise refusal.not_found()
        base, key, *rest = segments
        listing = rest == ["listRecords"] and request.method == "POST"
        reading = listing or request.method == "GET"
        _require(granted, _READ if reading else _WRITE)
        _check_base(base)
        table = self.tables.catalogue.table(key)
        if listing or (not rest and request.method == "GET"):
            return self._lister.page(table, parameters.listing(request))
        if not rest:
            return self._collection(table, request)
        if len(rest) == 1:
            return self._one(table, rest[0], request)
        raise refusal.not_found()

    def _collection(self, table: Table, request: Request) -> _Answer:
        answers: dict[str, Callable[[Table, Request], _Answer]] = {
            "POST": self._writer.create,
            "PATCH": self._writer.update,
            "PUT": self._writer.update,
            "DELETE": self._writer.delete,
        }
        if request.method not in answers:
            raise refusal.not_found()
        return answers[request.method](table, request)

    def _one(self, table: Table, record_id: str, request: Request) -> _Answer:
        if not is_id("rec", record_id):
            raise refusal.not_found()
        match request.method:
            case "GET":
                by_id = parameters.returns_ids(request)
                return renderer(table.fields, by_id)(self.tables.row(table, record_id))
            case "PATCH" | "PUT":
                return self._writer.update_one(table, record_id, request)
            case "DELETE":
                return self._writer.delete_one(table, record_id)
        raise refusal.not_found()


def _base(granted: frozenset[str]) -> _Answer:
    level = "create" if _WRITE in granted else "read"
    return {"id": BASE_ID, "name": BASE_NAME, "permissionLevel": level}


def _check_base(base: str) -> None:
    if base != BASE_ID:
        raise refusal.forbidden()


def _scopes(request: Request) -> frozenset[str]:
    """The scopes of the request's bearer token. Raises Refusal (401) without a known token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        for beginning, granted in _SCOPES.items():
            if token.startswith(beginning):
                return granted
    raise refusal.authentication_required()


def _require(granted: frozenset[str], scope: str) -> None:
    """Raise Refusal (403) unless the token has the scope."""
    if scope not in granted:
        raise refusal.forbidden()
