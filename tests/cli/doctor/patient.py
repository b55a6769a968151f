"""A shop on the sandbox for doctor to look at: healthy, until a test makes something of it ill."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
import socket
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import stripe
import time_machine

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain import doctor
from cascade_cli.domain.doctor.findings import Finding, Level
from cascade_cli.domain.doctor.webhook import PATH
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.stripe_events import EventState, Settlement
from cascade_cli.domain.shop.times import Window
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import Request, Response
from cascade_cli.wiring import this_worker
from tests.harness.commands import Answer, in_this_process
from tests.harness.sandboxed import Sandboxed


def findings_by_file() -> dict[str, set[Finding]]:
    """Everything that doctor can say, as it stands in the files of its domain."""
    found: dict[str, set[Finding]] = {}
    for module in pkgutil.iter_modules(doctor.__path__):
        there = vars(importlib.import_module(f"{doctor.__name__}.{module.name}")).values()
        found[module.name] = {finding for value in there for finding in _findings(value)}
    return found


def _findings(value: object) -> list[Finding]:
    values = value.values() if isinstance(value, dict) else [value]
    return [found for found in values if isinstance(found, Finding)]


FINDINGS = set().union(*findings_by_file().values())
BY_CODE = {finding.code: finding for finding in FINDINGS}
PROVOKED: set[str] = set()
OURS = f"http://127.0.0.1:9{PATH}"
NOTES = '{"amount": 100.0, "reason": "Ducat purchase via CASCADE"'


class Examination(Answer):
    """What `cascade doctor --json` answered."""

    @cached_property
    def checks(self) -> list[dict[str, Any]]:
        """All checks."""
        found: list[dict[str, Any]] = self.data["checks"]
        return found

    def of(self, code: str) -> list[dict[str, Any]]:
        """The checks that say this."""
        return [check for check in self.checks if check["code"] == code]

    @property
    def ill(self) -> set[str]:
        """The codes of all that is not green."""
        return {check["code"] for check in self.checks if check["level"] != "green"}


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


Test = Callable[..., Examination]


def provokes(*codes: str) -> Callable[[Test], Callable[..., None]]:
    """The test returns an examination, in which doctor must have said each of these."""
    PROVOKED.update(codes)

    def decorate(test: Test) -> Callable[..., None]:
        @functools.wraps(test)
        def wrapper(*arguments: Any, **fixtures: Any) -> None:
            found = test(*arguments, **fixtures)
            for code in codes:
                assert found.of(code), (code, sorted(found.ill))
                _check_told(found, code)

        return wrapper

    return decorate


def _check_told(found: Examination, code: str) -> None:
    """At its level, with what was seen, why it matters and what to do, and the exit code."""
    for check in found.of(code):
        assert check["level"] == BY_CODE[code].level.value
        assert check["found"]
        assert check["why"]
        assert check["advice"]
    if BY_CODE[code].level is Level.RED:
        assert (found.code, found.document["ok"]) == (4, False)


class Network:
    """The sandbox's handler, with answers of our own for some requests."""

    def __init__(self, handler: Callable[[Request], Response]) -> None:
        self._handler = handler
        self._answers: list[tuple[re.Pattern[str], Response]] = []

    def __call__(self, request: Request) -> Response:
        asked = f"{request.path}?{request.query}"
        for pattern, answer in self._answers:
            if pattern.search(asked):
                return answer
        return self._handler(request)

    def answer(self, pattern: str, status: int, body: bytes = b"{}") -> None:
        """From now on, to whatever is asked for by such a path and query."""
        self._answers.append((re.compile(pattern), Response(status, body)))


class Patient:
    """The shop, with `network` between it and the services."""

    def __init__(
        self,
        sandboxed: Sandboxed,
        network: Network,
        folder: Path,
        traveller: time_machine.Traveller,
    ) -> None:
        self._traveller = traveller
        self.sandboxed, self.network, self.folder = sandboxed, network, folder
        self.tables, self.account = sandboxed.app.airtable.tables, sandboxed.app.stripe.account
        self.journal_file = folder / "state" / "journal.sqlite3"

    def examined(self, *words: str, **settings: str | None) -> Examination:
        """`cascade … doctor --json`, with some settings changed; None takes one out."""
        answer = self.typed(*words, "doctor", "--json", **settings)
        return Examination(answer.code, answer.out, answer.err)

    def typed(self, *words: str, **settings: str | None) -> Answer:
        """Any command."""
        state = {"CASCADE_STATE_DIR": str(self.folder / "state"), "COLUMNS": "80"}
        chosen = {**self.sandboxed.environment(), **state, **settings}
        return in_this_process(words, chosen)

    def write(self, text: str, mode: int = 0o600, name: str = ".env") -> Path:
        """A file in the folder from which doctor is called."""
        file = self.folder / name
        file.write_text(text)
        file.chmod(mode)
        return file

    def pass_time(self, **span: float) -> None:
        """Let time go by, for the shop and for the services alike."""
        self._traveller.shift(timedelta(**span))

    def now(self) -> datetime:
        """What this machine's clock shows."""
        return datetime.now(UTC)

    def ago(self, **span: float) -> datetime:
        """So long before."""
        return self.now() - timedelta(**span)

    def make_healthy(self) -> None:
        """A solvent processor, an engine on time, a heard webhook, a journal."""
        self.sandboxed.move_in(PROCESSOR, self.ago(days=20))
        self.sandboxed.move_in("marco", self.ago(days=20))
        for day in range(3, 0, -1):
            for hour in (10, 18):
                self.executed(datetime(2026, 11, 20, hour, 0, 5, tzinfo=UTC) - timedelta(days=day))
        self.executed(datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC))
        self.sandboxed.pay(self.ago(hours=3))
        self.account.register_webhook(OURS, at=self.ago(hours=2), secret="whsec_sandbox")
        self.hear()

    def executed(self, at: datetime, made: datetime | None = None, **fields: Any) -> None:
        """A transfer that the engine carried out at that moment, made an hour before."""
        name = f"cascade_manual_{at:%m%d%H%M%S}"
        made = made or at - timedelta(hours=1)
        expires = (made + timedelta(hours=72)).isoformat()
        when = {"ExecutedAt": at.isoformat(), "ExpiresAt": expires, **fields}
        self.sandboxed.transfer(name, made, **when)

    def live(self, made: datetime, **fields: Any) -> None:
        """A transfer that the engine should take."""
        expires = (self.now() + timedelta(days=2)).isoformat()
        name = f"cascade_manual_live{made:%m%d%H%M%S}"
        written = {"Status": "active", "ExpiresAt": expires, **fields}
        self.sandboxed.transfer(name, made, **written)

    def fund(self, ducats: float) -> None:
        """Set the processor's balance."""
        self.tables.update("CITIZENS", self.processor["id"], {"Ducats": ducats})

    @property
    def processor(self) -> dict[str, Any]:
        """Its record."""
        (record,) = self.tables.select("CITIZENS", f"{{Username}} = '{PROCESSOR}'")
        return record

    def retype(self, table: str, field: str, type_: str) -> None:
        """Somebody changes a field's type; its cells are lost."""
        self.tables.drop_field(table, field)
        options = {"precision": 0} if type_ == "number" else {}
        self.tables.add_field(table, {"name": field, "type": type_, "options": options})

    def journal(self, worker: Worker | None = None) -> Journal:
        """The shop's journal."""
        return Journal(self._database(), worker or this_worker("test"), now=utc_now)

    def hear(self, state: EventState = EventState.CREDITED) -> None:
        """serve accepts the newest payment's event, and deals with it."""
        with self.sandboxed.wired() as wiring:
            window = Window(self.ago(days=1), self.now() + timedelta(minutes=1))
            event = wiring.events.events(window, ["payment_intent.succeeded"])[0]
        database = self._database()
        with closing(database):
            inbox = Inbox(database, this_worker("serve"), now=utc_now)
            inbox.accept([event])
            if state is not EventState.WAITING:
                inbox.settle([Settlement(event.id, state)])

    def _database(self) -> Database:
        return Database(f"sqlite:///{self.journal_file}")

    def endpoint(self, **changes: Any) -> None:
        """Change our webhook endpoint as the dashboard would."""
        self._stripe().webhook_endpoints.update(self._endpoint_id(), changes)

    def another_endpoint(self, url: str) -> None:
        """Register one more, for all events."""
        self.account.register_webhook(url, at=self.now(), secret="whsec_other")

    def forget_endpoint(self) -> None:
        """Delete ours."""
        self._stripe().webhook_endpoints.delete(self._endpoint_id())

    def _endpoint_id(self) -> str:
        listed = self._stripe().webhook_endpoints.list()
        return next(str(e.id) for e in listed.data if e.url == OURS)

    def _stripe(self) -> Any:
        bases: Any = {"api": f"{self.sandboxed.url}/stripe"}
        return stripe.StripeClient("sk_test_sandbox", base_addresses=bases).v1
