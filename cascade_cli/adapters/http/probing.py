"""Doctor's transport: it cannot write, gives up soon, and notes the service's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.service_clock import ServiceClock, measured_ahead
from cascade_cli.adapters.http.transport import PermitError, Transport

ATTEMPTS = 2
_READING = frozenset({"GET", "HEAD"})


class ProbingTransport(Transport):
    """Sends only reads, each at most twice.

    `ahead` is how far our clock is ahead of the service's; None until an answer tells.
    """

    def __init__(
        self,
        pacer: Pacer,
        *,
        lockout_seconds: float,
        tell: Callable[[str], None] = lambda _message: None,
        clock: ServiceClock | None = None,
        service: str = "",
    ) -> None:
        super().__init__(
            pacer,
            lockout_seconds=lockout_seconds,
            tell=tell,
            attempts=ATTEMPTS,
            clock=clock,
            service=service,
        )
        # Our clock uncorrected: measured by the corrected one, it would never seem wrong.
        self._own = clock.own if clock else self._now
        self.ahead: timedelta | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """As Transport, but raises PermitError for anything that is not a read."""
        path = (request.url or "").partition("?")[0]
        if request.method not in _READING and not path.endswith("/listRecords"):
            raise PermitError("the write was not sent: doctor only reads")
        return super().send(request, *args, **kwargs)

    def _carry(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        # Here and not in `send`: the wait before a second try would count as time on the way.
        sent_at = self._own()
        response = super()._carry(request, *args, **kwargs)
        ahead = measured_ahead(response.headers.get("Date", ""), sent_at, self._own())
        if ahead is not None:
            self.ahead = ahead
        return response
