"""Ping a dead man's switch: a service that raises the alarm if no ping arrives in time.

The addresses are those of healthchecks.io and compatible services: the address itself after a good
run, and the address with /fail at the end of its path after a bad one.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from cascade_cli.adapters.http.transport import plain_session
from cascade_cli.errors import UnreachableError, UsageError

TRIES = 3
TIMEOUT_SECONDS = (5, 10)
_PASSING = (429, 500, 502, 503, 504)


class DeadManSwitch:
    """The switch at `url`, whose path is its only secret.

    Raises UsageError if `url` is not a web address.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._parts = _parts(url)

    def ping(self, *, failed: bool) -> None:
        """Report how the run ended. Raises UnreachableError, without the address, on failure."""
        path = self._parts.path.rstrip("/") + "/fail" if failed else self._parts.path
        retry = Retry(
            TRIES - 1,
            backoff_factor=0.5,
            status_forcelist=_PASSING,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        with plain_session(self._url, HTTPAdapter(max_retries=retry)) as session:
            _get(session, urlunsplit(self._parts._replace(path=path)))


def _get(session: requests.Session, url: str) -> None:
    try:
        answer = session.get(url, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        # Without the cause: requests' text repeats the address.
        raise UnreachableError(f"it did not arrive ({type(error).__name__})") from None
    if not answer.ok:
        raise UnreachableError(f"it did not arrive (HTTP {answer.status_code})")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or not url.isprintable() or " " in url:
        raise UsageError(
            "--ping needs a web address.", "Write it like https://hc-ping.com/your-uuid."
        )
    return parts
