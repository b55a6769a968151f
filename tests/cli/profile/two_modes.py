"""One machine with two shops that pose as live services: rialto with a live key, lido with a test
key. Neither lets in anybody with another key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.wire import Request, Response
from tests.cli.reconcile.run_end.listener import Listener, listening
from tests.harness.commands import Answer
from tests.harness.live_stripe import live_stripe
from tests.harness.other_shop import OTHER_BASE
from tests.harness.profiles import Machine
from tests.harness.sandboxed import Sandboxed, served

MODES = {"rialto": "live", "lido": "test"}
NAMES = tuple(MODES)
_BASES = {"rialto": BASE_ID, "lido": OTHER_BASE}
_CITIZENS = {"rialto": "Lucia", "lido": "Lorenzo"}
_TOKEN = "a-token-of-the-api-at-"


@dataclass
class Shop:
    """One of them: what it was asked, and what a command line can name in it."""

    name: str
    place: Sandboxed
    listener: Listener
    keys: Mapping[str, str]
    strangers: list[Request] = field(default_factory=list)
    """Requests with another key, or for another base."""
    facts: dict[str, str] = field(default_factory=dict)
    """What command lines name: a citizen, a payment that has no transfer, and so on."""

    @property
    def settings(self) -> dict[str, str]:
        """Its profile."""
        own = {
            **self.keys,
            "AIRTABLE_BASE_ID": self.base,
            "STRIPE_WEBHOOK_SECRET": self.secret,
            "CASCADE_API_TOKEN": f"{_TOKEN}{self.name}",
            "CASCADE_ALERT_URLS": self.listener.address,
        }
        settings = self.place.environment(**own)
        if MODES[self.name] == "live":
            del settings["STRIPE_API_BASE"]
        return settings

    @property
    def base(self) -> str:
        """Venice's base, as the profile calls it."""
        return _BASES[self.name]

    @property
    def secret(self) -> str:
        """With which Stripe signs its events."""
        return f"whsec_{self.name}" * 3

    @property
    def rows(self) -> int:
        """How many transfers Venice has."""
        return len(self.place.app.airtable.tables.select("STRATAGEMS"))

    def has_rows(self, number: int) -> bool:
        """Whether these are all."""
        return self.rows == number

    def sell(self) -> str:
        """One more payment without a transfer, an hour old; its id."""
        at = datetime.now(UTC) - timedelta(hours=1)
        return str(self.place.pay(at, _CITIZENS[self.name])["payment_intent"])

    def answer(self, request: Request) -> Response:
        """As the service that has just these keys and this base."""
        service = request.path.split("/")[1]
        name = {"stripe": "STRIPE_SECRET_KEY", "airtable": "AIRTABLE_API_KEY"}.get(service)
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        is_ours = name is None or key == self.keys[name]
        if service == "airtable" and "/app" in request.path:
            is_ours = is_ours and f"/{self.base}" in request.path
        if not is_ours:
            self.strangers.append(request)
            return Response(401, b"{}")
        known = {"STRIPE_SECRET_KEY": "sk_test_sandbox", "AIRTABLE_API_KEY": "patSandbox.sandbox"}
        inside = {"authorization": f"Bearer {known[name]}"} if name else {}
        headers, path = {**request.headers, **inside}, request.path.replace(self.base, BASE_ID)
        return self.place.app.handle(replace(request, path=path, headers=headers))

    def __post_init__(self) -> None:
        self.place.recorder.answer_by(self.answer)
        self.facts |= self._furnish()

    def _furnish(self) -> dict[str, str]:
        citizen, at = _CITIZENS[self.name], datetime.now(UTC) - timedelta(hours=5)
        account = self.place.app.stripe.account
        for name in ("CASCADE_PAYMENT_PROCESSOR", citizen):
            self.place.move_in(name, at)
        missing, given, refunded = (self.place.pay(at, citizen) for _ in range(3))
        for charge in (given, refunded):
            row = f"cascade_payment_{charge['payment_intent']}"
            self.place.transfer(row, at, citizen)
        account.refund(refunded["id"], at=at)
        return {
            "citizen": citizen,
            "missing": missing["payment_intent"],
            "given": given["payment_intent"],
            "refunded": refunded["payment_intent"],
            "transfer": f"cascade_payment_{given['payment_intent']}",
        }

    @property
    def heard(self) -> int:
        """How often anybody asked it anything, or told its people."""
        return len(self.place.recorder.requests) + len(self.listener.heard)


@dataclass(frozen=True)
class Shops:
    """Both, and the machine with a profile for each; lido is the default."""

    machine: Machine
    each: Mapping[str, Shop]
    around: Mapping[str, str]

    def typed(self, name: str, *words: str, **settings: str) -> Answer:
        """A command line with `--profile`, in this process."""
        return self.machine.typed("--profile", name, *words, **self.around, **settings)

    def other(self, name: str) -> str:
        """The name of the other shop."""
        return next(other for other in NAMES if other != name)

    def state(self, name: str) -> dict[str, bytes]:
        """Every file of a profile's state, byte for byte."""
        folder = self.machine.state / "profiles" / name
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def elsewhere(self) -> set[str]:
        """What is kept outside both profiles' folders."""
        state, theirs = self.machine.state, tuple(f"profiles/{name}/" for name in NAMES)
        found = {str(path.relative_to(state)) for path in state.rglob("*") if path.is_file()}
        return {name for name in found if not name.startswith(theirs)}


@contextmanager
def opened(folder: Path) -> Iterator[Shops]:
    """Until the block ends. Commands must find nobody else's settings in the environment."""
    with ExitStack() as stack:
        machine = Machine(folder)
        each = {}
        for name, mode in MODES.items():
            app = stack.enter_context(closing(SandboxApp(":memory:")))
            keys = {
                "STRIPE_SECRET_KEY": f"rk_{mode}_of{name}alone",
                "AIRTABLE_API_KEY": f"patOf{name}12345.of{name}alone",
            }
            place, ears = stack.enter_context(served(app)), stack.enter_context(listening())
            each[name] = Shop(name, place, ears, keys)
            machine.write(name, each[name].settings)
        around = stack.enter_context(live_stripe(each["rialto"].place.recorder, folder))
        yield Shops(machine, each, {**around, "NO_PROXY": "127.0.0.1"})
        for shop in each.values():
            assert not shop.place.app.crashes, shop.place.app.crashes
