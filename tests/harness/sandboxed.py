"""A sandbox served over HTTP, what it was asked, and cascade wired to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection
from cascade_cli.sandbox.seed.citizens import PROCESSOR, processor_fields
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Handler, Request, Response
from cascade_cli.settings import Settings
from cascade_cli.wiring import Invocation
from cascade_cli.wiring.journal import ShopJournal
from cascade_cli.wiring.reading import Wiring, wire_reading


def wire(
    environment: Mapping[str, str], tell: Callable[[str], None] = lambda _message: None
) -> Wiring:
    """cascade's services that read, with these settings."""
    settings = Settings.read(environment)
    return wire_reading(settings, ShopJournal(Invocation(environ=environment), settings), tell)


class Recorder:
    """Hands requests on to the sandbox and remembers them."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._events: dict[int, Callable[[], None]] = {}
        self._broken: dict[str, tuple[int, Response]] = {}
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        number = len(self.requests)
        if number in self._events:
            self._events[number]()
        service = request.path.split("/")[1]
        first, broken = self._broken.get(service, (0, None))
        if broken is not None and len(self.to(service)) >= first:
            return broken
        return self._handler(request)

    def answer_by(self, handler: Handler) -> None:
        """Let another hand answer from now on."""
        self._handler = handler

    def before(self, number: int, happen: Callable[[], None]) -> None:
        """Let something happen before the request of this number, counted from 1."""
        self._events[number] = happen

    def break_from(self, service: str, number: int, response: Response) -> None:
        """From its request of this number on, counted from 1, the service answers only this."""
        self._broken[service] = number, response

    def mend(self, service: str) -> None:
        """The service answers again."""
        self._broken.pop(service, None)

    def to(self, service: str) -> Sequence[Request]:
        """The requests to `stripe`, `airtable` or `venice`."""
        return [r for r in self.requests if r.path.startswith(f"/{service}/")]


class Sandboxed:
    """The app, its recorder and its address; shorthand for what tests write into it."""

    def __init__(self, app: SandboxApp, recorder: Recorder, url: str) -> None:
        self.app, self.recorder, self.url = app, recorder, url

    def environment(self, **changed: str) -> dict[str, str]:
        """Settings for this sandbox, under their names in the environment; no pacing."""
        unpaced = {"CASCADE_STRIPE_RATE": "0", "CASCADE_AIRTABLE_RATE": "0"}
        return {**unpaced, **Connection(self.url).settings(), **changed}

    @contextmanager
    def wired(self, **changed: str) -> Iterator[Wiring]:
        """cascade's services as one run has them, with these settings changed."""
        wiring = wire(self.environment(**changed))
        try:
            yield wiring
        finally:
            wiring.stripe.close()
            wiring.airtable.close()

    def pay(
        self,
        at: datetime,
        citizen: str = "marco",
        ducats: str = "100",
        cents: int = 1000,
        *,
        currency: str = "usd",
        **said: str,
    ) -> dict[str, Any]:
        """A paid purchase as the older payment API makes it, with what else its metadata `said`;
        returns Stripe's charge."""
        metadata = {
            "citizen_id": citizen,
            "ducat_amount": ducats,
            "exchange_rate": "0.1",
            "platform": "cascade",
            "type": "ducat_purchase",
            **said,
        }
        return self.app.stripe.account.pay(
            amount=cents, currency=currency, metadata=metadata, at=at
        )

    def transfer(
        self, stratagem_id: str, at: datetime, citizen: str = "marco", **fields: Any
    ) -> dict[str, Any]:
        """An executed stratagem of the processor over 100 ducats, unless `fields` say otherwise."""
        written = {
            "StratagemId": stratagem_id,
            "Type": "transfer_ducats",
            "ExecutedBy": PROCESSOR,
            "TargetCitizen": citizen,
            "Status": "executed",
            "ExpiresAt": at.isoformat(),
            "Notes": '{"amount": 100.0, "reason": "Ducat purchase via CASCADE"}',
            **fields,
        }
        return self.app.airtable.tables.create("STRATAGEMS", written, at=at)

    def move_in(self, username: str, at: datetime) -> None:
        """A citizen moves in."""
        fields = {**processor_fields(at), "CitizenId": username, "Username": username}
        self.app.airtable.tables.create("CITIZENS", fields, at=at)


@contextmanager
def served(app: SandboxApp) -> Iterator[Sandboxed]:
    """Serve the app, with a recorder in front, until the block ends."""
    recorder = Recorder(app.handle)
    with SandboxServer(recorder) as server:
        yield Sandboxed(app, recorder, server.url)
