"""How the engine reaches its Airtable base: in named steps, each of which can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")

STEPS = (
    "list",
    "read_payer",
    "read_payee",
    "write_payer",
    "write_payee",
    "write_transaction",
    "mark_executed",
    "notify_payer",
    "notify_payee",
    "mark_failed",
    "read_notes",
    "mark_error",
    "read_back",
)
"""The engine's reads and writes, in the order in which it makes them."""

FAIL_POINTS = (
    "parse",
    *STEPS,
    "after_write_payer",
    "after_write_payee",
    "after_mark_executed",
    "after_notify_payer",
)
"""Where a run can be made to fail: in parsing, at a step before Airtable acts on it, or after a
write that Airtable carried out but whose answer was lost."""


KILL_POINTS = {
    "payer": "write_payee",
    "balances": "write_transaction",
    "status": "notify_payer",
}
"""The writes after which a run can be killed, each with the step that it then never takes."""


class Step(NamedTuple):
    """The read or write that comes next; `stratagem_id` is empty while listing."""

    name: str
    stratagem_id: str


Steps: TypeAlias = Generator[Step, None, T]


class LostAnswerError(Exception):
    """Raised where a run was told to fail; stands for a timeout of the engine's HTTP client."""


@dataclass
class EngineRun:
    """What one run did: StratagemIds by outcome; `warnings` has the errors that it ignored.

    `killed_at` is the stratagem at which the run was killed; empty if it ran to its end.
    """

    started_at: datetime
    executed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    killed_at: str = ""


@dataclass(frozen=True)
class Access:
    """Makes each request a step that can fail; other writers can act between two steps."""

    fail_at: str | None
    ask: Callable[[], None] = lambda: None
    """Called before each request to the base; it refuses the request by raising."""

    def __post_init__(self) -> None:
        if self.fail_at is not None and self.fail_at not in FAIL_POINTS:
            raise ValueError(f"no step {self.fail_at!r}; there are: {', '.join(FAIL_POINTS)}")

    def take(self, name: str, stratagem_id: str, action: Callable[[], T]) -> Steps[T]:
        """Announce the step, then do `action`, unless the run must fail here."""
        yield Step(name, stratagem_id)
        self.check(name)
        self.ask()
        result = action()
        self.check(f"after_{name}")
        return result

    def check(self, point: str) -> None:
        """Raise LostAnswerError if the run must fail at this point."""
        if point == self.fail_at:
            raise LostAnswerError(
                "HTTPSConnectionPool(host='api.airtable.com', port=443): Read timed out."
            )
