"""Which token may do what."""

from __future__ import annotations

from cascade_cli.sandbox.airtable import refusal
from cascade_cli.sandbox.wire import Request

READ, WRITE, META = "data.records:read", "data.records:write", "schema.bases:read"

_SCOPES = {
    "patSandboxReadOnly": frozenset({READ, META}),
    "patSandboxNoSchema": frozenset({READ, WRITE}),
    "patSandboxNothing": frozenset[str](),
    "patSandbox": frozenset({READ, WRITE, META}),
}
"""By the first of these that the token begins with."""


def scopes(request: Request) -> frozenset[str]:
    """What the request's bearer token may do; refuses a request without a known one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        for beginning, granted in _SCOPES.items():
            if token.startswith(beginning):
                return granted
    raise refusal.authentication_required()


def require(granted: frozenset[str], scope: str) -> None:
    """Refuse what the token lacks the right to."""
    if scope not in granted:
        raise refusal.forbidden()
