"""The real SDKs over a transport that carries requests in memory; made once, used by many runs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
from urllib3 import HTTPResponse

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.adapters.http.transport import Transport
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.venice.reader import airtable_api
from cascade_cli.wiring.reading import AIRTABLE_LOCKOUT_SECONDS, STRIPE_LOCKOUT_SECONDS
from tests.simulation.network import Network, label
from tests.simulation.process import Process
from tests.simulation.rated import PatientPacer
from tests.simulation.recording import Recording

_URL = "http://simulated"
_CUT_OFF: Mapping[str, str] = {"Content-Type": "application/json", "Content-Length": "400"}


class LoopTransport(Transport):
    """The transport under test, boarded by one process after the other."""

    def __init__(self, service: str, lockout_seconds: float) -> None:
        super().__init__(
            Pacer(0),
            lockout_seconds=lockout_seconds,
            sleep=self._rest,
            now=self._time,
            service=service,
        )
        self._process: Process
        self._network: Network
        self._journal: Recording

    def board(
        self,
        process: Process,
        network: Network,
        journal: Recording,
        pacer: PatientPacer,
        clock: ServiceClock,
    ) -> None:
        """Work for this process from now on, at its pace."""
        self._clock = clock
        self._process, self._network, self._journal = process, network, journal
        self._pacer: PatientPacer = pacer

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Before the permit is looked at, the process may be killed or held up."""
        self._process.step(f"before {label(request)}")
        return super().send(request, *args, **kwargs)

    def _send_write(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        self._process.oversleep()
        return super()._send_write(request, *args, **kwargs)

    def _rest(self, seconds: float) -> None:
        self._process.sleep(seconds)

    def _time(self) -> datetime:
        return self._process.host.scheduler.now()

    def _carry(
        self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any
    ) -> requests.Response:
        journal, turn_at = self._journal, self._pacer.used()
        response = self._network.carry(
            self._process, request, journal.deadline, journal.keys, turn_at
        )
        if response is None:
            raw = _raw(200, b'{"records": [{"id": "rec', _CUT_OFF, str(request.method))
        else:
            raw = _raw(response.status, response.body, response.headers, str(request.method))
        return self.build_response(request, raw)


def _raw(status: int, body: bytes, headers: Mapping[str, str], method: str) -> HTTPResponse:
    return HTTPResponse(
        io.BytesIO(body),
        headers,
        status,
        preload_content=False,
        enforce_content_length=True,
        request_method=method,
    )


class Kit:
    """Both SDKs. Making them costs more than a request, so that processes take them in turns."""

    def __init__(self) -> None:
        self.stripe_transport = LoopTransport("Stripe", STRIPE_LOCKOUT_SECONDS)
        self.airtable_transport = LoopTransport("Airtable", AIRTABLE_LOCKOUT_SECONDS)
        self.stripe = stripe_client("sk_test_sandbox", f"{_URL}/stripe", self.stripe_transport)
        self.api = airtable_api("patSandbox", f"{_URL}/airtable", self.airtable_transport)
