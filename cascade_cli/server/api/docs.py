"""`/docs` and `/openapi.json`: the routes' description, for people and for programs.

One page without a script: the usual pages load their scripts from the Internet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

PATH = "/docs"
# The page needs no script, so the browser is told to run none.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_METHODS = ("get", "post", "put", "delete")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }} {{ version }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code { font: 14px/1.4 ui-monospace, monospace }
section { border-top: 1px solid #8886; margin-top: 1.5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0 }
th { font-weight: 600; width: 14rem }
</style></head><body>
<h1>{{ title }} <small>{{ version }}</small></h1>
<p>{{ description }} For programs: <a href="openapi.json">openapi.json</a>.</p>
{% macro fields(rows) %}<table>{% for row in rows %}
<tr><th><code>{{ row.name }}</code></th><td><code>{{ row.form }}</code></td>
<td>{{ row.meaning }}</td></tr>{% endfor %}</table>{% endmacro %}
{% for route in routes %}<section><h2><code>{{ route.name }}</code></h2>
<p>{{ route.meaning }}</p>{% if route.token %}<p>Takes <code>Authorization: Bearer</code>
with {{ route.token }}.</p>{% endif %}
{{ fields(route.parameters) }}
{% if route.takes %}<p>Takes {{ route.takes }}</p>{% endif %}
<p>Answers</p>{{ fields(route.answers) }}</section>
{% endfor %}
{% for name, body in bodies %}<section id="{{ name }}"><h2>{{ name }}</h2>
<p>{{ body.meaning }}</p>{{ fields(body.fields) }}</section>
{% endfor %}</body></html>
"""


@dataclass(frozen=True)
class DocsRow:
    """One field, parameter or status: its form in short, and what it means."""

    name: str
    form: str
    meaning: str


def router(api: FastAPI) -> APIRouter:
    """Both routes. Each answer is made at its first request and kept."""
    routes = APIRouter(include_in_schema=False)

    # Made at the first request: the application adds its other routes after these.
    @cache
    def description() -> bytes:
        return json.dumps(api.openapi(), ensure_ascii=False).encode()

    @cache
    def page() -> str:
        return _page(api.openapi())

    @routes.get("/openapi.json")
    async def openapi() -> Response:
        return Response(description(), media_type="application/json")

    @routes.get(PATH)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(), headers={"Content-Security-Policy": _POLICY})

    return routes


def _page(description: Mapping[str, Any]) -> str:
    parts = description["components"]
    bodies = [
        (name, {"meaning": body.get("description", ""), "fields": [*_fields(body)]})
        for name, body in sorted(parts["schemas"].items())
    ]
    tokens = {name: t.get("description", name) for name, t in parts["securitySchemes"].items()}
    template = Environment(autoescape=True).from_string(_PAGE)
    routes = [
        _route(method, path, told, tokens)
        for path, methods in description["paths"].items()
        for method, told in methods.items()
        if method in _METHODS
    ]
    return template.render(**description["info"], routes=routes, bodies=bodies)


def _route(
    method: str, path: str, told: Mapping[str, Any], tokens: Mapping[str, str]
) -> dict[str, Any]:
    takes = told.get("requestBody", {})
    return {
        "name": f"{method.upper()} {path}",
        "meaning": told.get("description", ""),
        "token": ", ".join(tokens[name] for one in told.get("security", ()) for name in one),
        "parameters": [
            DocsRow(one["name"], _form(one["schema"]), one.get("description", ""))
            for one in told.get("parameters", ())
        ],
        "takes": takes.get("description") or _content(takes),
        "answers": [
            DocsRow(status, _content(answer), answer.get("description", ""))
            for status, answer in sorted(told["responses"].items())
        ],
    }


def _content(told: Mapping[str, Any]) -> str:
    forms = [_form(one.get("schema", {})) for one in told.get("content", {}).values()]
    return ", ".join(filter(None, forms))


def _fields(body: Mapping[str, Any]) -> Iterator[DocsRow]:
    for name, field in body.get("properties", {}).items():
        needed = "" if name not in body.get("required", ()) else "Needed. "
        yield DocsRow(name, _form(field), needed + field.get("description", ""))


def _form(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_form(one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_form(schema['items'])}"
    form = f"({schema['format']})" if "format" in schema else ""
    return f"{schema.get('type', '')} {form}".strip()
