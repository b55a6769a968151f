"""Venice's own HTTP API, as far as asking whether it is well."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from cascade_cli.adapters.http.transport import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Transport,
    plain_session,
)
from cascade_cli.domain.doctor.venice import Answers
from cascade_cli.errors import UnreachableError

_NO_ROUTE = 404


class VeniceApi:
    """`GET /health` and `GET /citizens/<username>` below `url`; `key` is sent if there is one."""

    def __init__(self, url: str, key: str, transport: Transport) -> None:
        self._url, self._session = url, plain_session(url, transport)
        if key:
            self._session.headers["Authorization"] = f"Bearer {key}"

    def ask(self, username: str) -> Answers:
        """One or two requests. Raises UnreachableError."""
        try:
            health = self._get("/health")
            # The older connector calls that route, and no version of the API has it.
            if health.status_code != _NO_ROUTE:
                return Answers(health.status_code, username)
            found = self._get(f"/citizens/{quote(username, safe='')}")
        except requests.RequestException as error:
            raise UnreachableError(
                f"Venice's API gave no answer ({type(error).__name__})."
            ) from error
        return Answers(_NO_ROUTE, username, found.status_code, _citizen(found))

    def _get(self, path: str) -> requests.Response:
        timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        return self._session.get(self._url + path, timeout=timeout, allow_redirects=False)


def _citizen(response: requests.Response) -> str | None:
    try:
        document: Any = response.json()
    except requests.exceptions.JSONDecodeError:
        return None
    if not isinstance(document, dict) or "success" not in document:
        return None
    # A citizen who was not there a moment ago comes back as a success without one.
    citizen = document.get("citizen") or {}
    return str(citizen.get("username", "")) if isinstance(citizen, dict) else None
