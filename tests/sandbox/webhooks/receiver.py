"""A real, tiny webhook that trusts nothing but Stripe's signature."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request, Response


class Receiver:
    """Keeps the events that verify with `secret`; answers `statuses` in turn, then 200.

    A `tolerance` of 0 seconds lets signatures of any age pass: the sandbox's clock may stand.
    """

    def __init__(self, secret: str = "", tolerance: int = 0) -> None:
        self.secret, self.tolerance = secret, tolerance
        self.url = ""
        self.statuses: list[int] = []
        self.requests: list[Request] = []
        self.events: list[stripe.Event] = []

    @property
    def types(self) -> list[str]:
        """What happened, in the order of arrival."""
        return [event.type for event in self.events]

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        header = request.headers["stripe-signature"]
        try:
            event = stripe.Webhook.construct_event(
                request.body, header, self.secret, self.tolerance
            )
        except stripe.SignatureVerificationError:
            return Response(400)
        self.events.append(event)
        status = self.statuses.pop(0) if self.statuses else 200
        return Response(status, b"", {"Location": f"{self.url}/elsewhere"})


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """The receiver, listening at its `url` until the block ends."""
    with SandboxServer(receiver) as server:
        receiver.url = server.url
        yield receiver
