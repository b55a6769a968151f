"""What an endpoint is: a method, a path, a table of parameters, and a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import unquote

from cascade_cli.sandbox.stripe.errors import Document, StripeError, no_such, unrecognized_url
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import Objects, Query
from cascade_cli.sandbox.stripe.parameters import Array, Integer, Parameter, Range, Table, Text


@dataclass(frozen=True)
class Call:
    """A request with its parameters checked: `id` is the one in the path, if there is one."""

    path: str
    id: str
    params: dict[str, Any]
    now: int
    objects: Objects


@dataclass(frozen=True)
class Change(Call):
    """A request that may write."""

    writer: ObjectWriter

    def get(self, kind: str, param: str = "id") -> Document:
        """The object that the path names."""
        return self.writer.get(kind, self.id, param, status=404)


@dataclass(frozen=True)
class One:
    """One object as the answer, or an `error` in its place; what was written stays either way."""

    document: Document
    error: StripeError | None = None


@dataclass(frozen=True)
class Many:
    """A page of a list, as stored texts."""

    texts: list[str]
    has_more: bool


Answer = str | One | Many
"""A `str` is the stored text of one object."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One route. `kind` is the type of object that it answers with."""

    path: str
    kind: str
    table: Table = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """The resource on which a restricted key needs a permission."""
        return self.kind.replace(".", "_")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern. It does not take `search` for an id; the sandbox has no search."""
        return re.compile(re.escape(self.path).replace(r"\{id\}", r"(?!search$)([^/]+)"))

    @cached_property
    def parameters(self) -> Table:
        """The endpoint's own parameters and `expand`."""
        return {**self.table, "expand": Array(Text())}


@dataclass(frozen=True, kw_only=True)
class Read(Endpoint):
    """GET."""

    method: ClassVar[str] = "GET"
    run: Callable[[Call], Answer]
    listed: bool = False


@dataclass(frozen=True, kw_only=True)
class Write(Endpoint):
    """POST."""

    method: ClassVar[str] = "POST"
    run: Callable[[Change], One]


@dataclass(frozen=True, kw_only=True)
class Delete(Write):
    """DELETE."""

    method: ClassVar[str] = "DELETE"


def route(endpoints: tuple[Read | Write, ...], method: str, path: str) -> tuple[Read | Write, str]:
    """The endpoint for a request, and the id in its path."""
    for endpoint in endpoints:
        match = endpoint.pattern.fullmatch(path.rstrip("/"))
        if match and endpoint.method == method:
            return endpoint, unquote(match[1]) if match.groups() else ""
    raise unrecognized_url(method, path)


PAGE: Mapping[str, Parameter] = {
    "limit": Integer(minimum=1, maximum=100),
    "starting_after": Text(),
    "ending_before": Text(),
}
_COMPARISONS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_REFERENCES = ("charge", "customer", "payment_intent")


def retrieving(kind: str, path: str, param: str = "id", table: Table | None = None) -> Read:
    """GET of one object by the id in the path."""

    def run(call: Call) -> Answer:
        text = call.objects.find(kind, call.id)
        if text is None:
            raise no_such(kind, call.id, param, status=404)
        return text

    return Read(path=path, kind=kind, table=table or {}, run=run)


def listing(kind: str, path: str, table: Table) -> Read:
    """GET of a list, newest first, by equality of the parameters and by `created`."""

    def run(call: Call) -> Answer:
        query = Query(kind)
        for name, value in call.params.items():
            if name in table and name != "created":
                if name in _REFERENCES and call.objects.find(name, value) is None:
                    raise no_such(name, value, name)
                query.where(f"{name} = ?", value)
        return page(call, query)

    table = {**table, "created": Range()}
    return Read(path=path, kind=kind, table={**table, **PAGE}, run=run, listed=True)


def page(call: Call, query: Query) -> Many:
    """The page that the call asks for, within its bounds on `created`."""
    for name, bound in call.params.get("created", {}).items():
        query.where(f"created {_COMPARISONS[name]} ?", bound)
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise StripeError(
            "You may only specify one of these parameters: ending_before, starting_after.",
            code="parameters_exclusive",
        )
    return Many(*call.objects.page(query, call.params.get("limit", 10), after=after, before=before))
