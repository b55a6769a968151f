"""Requests and responses as the sandbox sees them, whichever transport carries them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

Clock = Callable[[], datetime]
"""Returns the present time, aware and in UTC. Tests and simulations pass their own."""


@dataclass(frozen=True)
class Request:
    """One HTTP request. `path` is still percent-encoded; header names are lower-case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def below(self, prefix: str) -> Request:
        """The same request as the service mounted at `prefix` sees it.

        X-Forwarded-Prefix tells the service where it is mounted, for links back to itself.
        """
        headers = {**self.headers, "x-forwarded-prefix": prefix}
        return replace(self, path=self.path.removeprefix(prefix) or "/", headers=headers)


@dataclass(frozen=True)
class Response:
    """One HTTP response; the transport adds Content-Length."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response]


def json_response(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a JSON body, in which non-ASCII text is not escaped."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})})
