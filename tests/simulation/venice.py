"""The city: its citizens, and its engine, whose every step the others may come between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.venice import EngineRun, LostAnswerError, Step
from cascade_cli.sandbox.venice.access import Steps
from tests.simulation.process import Chronicle
from tests.simulation.scheduler import Scheduler

CITIZENS, STRATAGEMS = "CITIZENS", "STRATAGEMS"
_WRITES = frozenset({"write_payer", "write_payee"})
# Killed between two balances and the status, the live engine itself pays again at its next run.
_HARMLESS_END = frozenset({"list", "read_payer", "read_payee", "notify_payer", "notify_payee"})
ENGINE = "engine"
OTHER_PROCESSOR = "OLD_PROCESSOR"
"""Who paid in an older set-up."""
_PAYERS = frozenset({PROCESSOR, OTHER_PROCESSOR})

# How the keys of transfers begin that bring ducats back for a refund, or give them again.
BROKE_OFF = ("Processing error", "Processor logic", "Exception: ")
RETURNS = ("cascade_refund_", "cascade_giveback_")


@dataclass
class Moves:
    """What really moved for one StratagemId, as seen in the balances."""

    debits: list[Decimal] = field(default_factory=list)
    credits: list[tuple[str, Decimal]] = field(default_factory=list)


class City:
    """Venice's side of the sandbox, and who has how many ducats."""

    def __init__(self, app: SandboxApp) -> None:
        self._app = app
        self._records: dict[str, str] = {}
        self.granted = Decimal(0)
        self.moves: defaultdict[str, Moves] = defaultdict(Moves)
        self.copied: set[str] = set()
        """StratagemIds whose row somebody has doubled."""
        self.others: set[str] = set()
        """StratagemIds that another processor pays."""

    def move_in(self, username: str, ducats: int) -> None:
        """A new citizen."""
        fields = {"CitizenId": username, "Username": username, "Ducats": ducats}
        self._records[username] = self._app.airtable.tables.create(CITIZENS, fields)["id"]
        if username == PROCESSOR:
            self.granted += ducats

    def has(self, username: str) -> bool:
        """Whether there is a citizen of that name."""
        return username in self._records

    def ducats(self, username: str) -> Decimal:
        """The citizen's balance."""
        fields = self._app.airtable.tables.get(CITIZENS, self._records[username])["fields"]
        return Decimal(str(fields.get("Ducats", 0)))

    def grant(self, ducats: int) -> None:
        """Replenish the processor; the engine must not be at work."""
        balance = float(self.ducats(PROCESSOR) + ducats)
        self._app.airtable.tables.update(CITIZENS, self._records[PROCESSOR], {"Ducats": balance})
        self.granted += ducats

    def spend(self, username: str, share: float) -> None:
        """The citizen spends a share of what there is; the engine must not be at work."""
        left = self.ducats(username) * (1 - Decimal(share))
        fields = {"Ducats": float(left)}
        self._app.airtable.tables.update(CITIZENS, self._records[username], fields)

    def balances(self) -> dict[str, Decimal]:
        """Everybody's ducats."""
        return {name: self.ducats(name) for name in self._records}

    def rows(self) -> list[dict[str, Any]]:
        """All stratagems."""
        return self._app.airtable.tables.select(STRATAGEMS)

    def expired(self, now: datetime) -> list[str]:
        """Active rows that the engine passes over, without a spare under the same id."""
        rows = [row["fields"] for row in self.rows()]
        names = [row["StratagemId"] for row in rows]
        return [
            row["StratagemId"]
            for row in rows
            if row["Status"] == "active"
            and row.get("ExpiresAt", "for ever") < now.isoformat()
            and names.count(row["StratagemId"]) == 1
        ]

    def broken_off(self) -> list[str]:
        """Rows at which the engine broke off, without a spare under the same id."""
        rows = [row["fields"] for row in self.rows()]
        names = [row["StratagemId"] for row in rows]
        return [
            row["StratagemId"]
            for row in rows
            if is_broken_off(row) and names.count(row["StratagemId"]) == 1
        ]

    def active(self, now: datetime) -> list[str]:
        """StratagemIds of the rows that the engine will take."""
        rows = [row["fields"] for row in self.rows()]
        active = (row for row in rows if row["Status"] == "active")
        live = (row for row in active if row.get("ExpiresAt", "for ever") > now.isoformat())
        return [row["StratagemId"] for row in live]

    def live(self, now: datetime) -> list[str]:
        """Those of them that belong to payments, and have no other row."""
        names = [row["fields"]["StratagemId"] for row in self.rows()]
        ours = (name for name in self.active(now) if name not in self.others)
        live = (name for name in ours if name.startswith("cascade_payment_pi_"))
        return [name for name in live if names.count(name) == 1]

    def clear_expiry(self, stratagem_id: str) -> None:
        """Its row is taken by every run from now on."""
        for row in self.rows():
            if row["fields"]["StratagemId"] == stratagem_id:
                self._app.airtable.tables.update(STRATAGEMS, row["id"], {"ExpiresAt": None})

    def copy(self, stratagem_id: str) -> None:
        """Double its row."""
        rows = [r["fields"] for r in self.rows() if r["fields"]["StratagemId"] == stratagem_id]
        fields = {k: v for k, v in rows[0].items() if k not in {"CreatedAt", "UpdatedAt"}}
        self._app.airtable.tables.create(STRATAGEMS, fields)
        self.copied.add(stratagem_id)

    def move(self, stratagem_id: str, username: str, ducats: Decimal) -> None:
        """As the engine of an older set-up has moved them; ours must not be at work."""
        for name, change in ((PROCESSOR, -ducats), (username, ducats)):
            balance = float(self.ducats(name) + change)
            self._app.airtable.tables.update(CITIZENS, self._records[name], {"Ducats": balance})
            self._note(stratagem_id, name, change)

    def replenished(self, before: Decimal) -> None:
        """Cascade has written the processor's balance, which was `before` when it came there."""
        self.granted += self.ducats(PROCESSOR) - before

    def watch(self, step: Step, go_on: Callable[[], Step]) -> Step:
        """Let the engine make its announced step, and see which balance changes."""
        if step.name not in _WRITES:
            return go_on()
        before = {name: self.ducats(name) for name in self._records}
        try:
            return go_on()
        finally:
            for name, ducats in before.items():
                if change := self.ducats(name) - ducats:
                    self._note(step.stratagem_id, name, change)

    def _note(self, stratagem_id: str, name: str, change: Decimal) -> None:
        # The engine computes with floats: their last digits are nobody's ducats.
        change = round(change, 9)
        moves = self.moves[stratagem_id]
        if name in _PAYERS:
            moves.debits.append(-change)
        else:
            moves.credits.append((name, change))


class EngineRunner:
    """Runs the engine a step at a time; `is_running` while one run lasts."""

    def __init__(
        self, app: SandboxApp, city: City, scheduler: Scheduler, random: Random, story: Chronicle
    ) -> None:
        self._app, self._city, self._scheduler = app, city, scheduler
        self._random, self._story = random, story
        self.is_running = False
        self.hears: Callable[[str], None] = lambda _stratagem_id: None
        """Told of each stratagem that is about to be marked as executed."""

    def run(
        self,
        *,
        only: str | None = None,
        fail_at: str | None = None,
        step_seconds: float = 0.5,
        kill: float = 0.0,
    ) -> None:
        """Begin a run, unless one is under way or there is nothing to do."""
        is_idle = only is None and not any(_is_active(row) for row in self._city.rows())
        if self.is_running or is_idle:
            return
        self._tell(
            f"runs{f' only {only}' if only else ''}{f', fails at {fail_at}' if fail_at else ''}"
        )
        self.is_running = True
        steps = self._app.engine.steps(only=only, fail_at=fail_at)
        self._go_on(steps, lambda: next(steps), step_seconds, kill)

    def _go_on(
        self, steps: Steps[EngineRun], make: Callable[[], Step], step_seconds: float, kill: float
    ) -> None:
        try:
            step = make()
        except StopIteration as finished:
            self._end(f"executed {finished.value.executed}, failed {finished.value.failed}")
            return
        except LostAnswerError:
            self._end("died of a lost answer")
            return
        self._story.operations += 1
        if step.name in _HARMLESS_END and self._random.random() < kill:
            steps.close()
            self._story.crashes += 1
            self._end(f"KILLED at {step.name}")
            return
        if step.name in _WRITES or step.name.startswith("mark_"):
            self._tell(f"{step.name} {step.stratagem_id}")
        if step.name == "mark_executed":
            self.hears(step.stratagem_id)
        self._scheduler.at(
            self._random.random() * step_seconds,
            lambda: self._go_on(
                steps, lambda: self._city.watch(step, lambda: next(steps)), step_seconds, kill
            ),
        )

    def _end(self, how: str) -> None:
        self.is_running = False
        self._tell(how)

    def _tell(self, what: str) -> None:
        self._story.tell(self._scheduler.now(), ENGINE, what)


def is_broken_off(fields: dict[str, Any]) -> bool:
    """The engine left it so that nobody can tell whether ducats moved: that stays so, whatever it
    notes later."""
    if fields["Status"] == "executed":
        return False
    noted = str(fields.get("Notes", ""))
    return fields["Status"] == "error" or any(text in noted for text in BROKE_OFF)


def _is_active(row: dict[str, Any]) -> bool:
    return bool(row["fields"].get("Status") == "active")
