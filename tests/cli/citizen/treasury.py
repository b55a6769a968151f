"""What the tests of `cascade citizen` type, and what they look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import Request
from tests.harness.commands import Answer
from tests.harness.counter import Counter
from tests.harness.faults import is_write


class Treasury:
    """The counter, as far as the processor's own account goes."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.network = counter.network
        self.tables = counter.sandboxed.app.airtable.tables

    def setup(self, *words: str, **settings: str) -> Answer:
        """`cascade citizen setup …`."""
        return self.counter.type("citizen", "setup", *words, **settings)

    def replenish(self, *words: str, **settings: str) -> Answer:
        """`cascade citizen replenish …`."""
        return self.counter.type("citizen", "replenish", *words, **settings)

    def show(self, *words: str, **settings: str) -> Answer:
        """`cascade citizen show …`."""
        return self.counter.type("citizen", "show", *words, **settings)

    def fund(self, ducats: float) -> None:
        """Somebody else sets the balance."""
        self.counter.fund(ducats)

    def let_in(self) -> None:
        """Somebody sets InVenice to true."""
        (record,) = self.tables.select("CITIZENS", f"{{Username}} = '{PROCESSOR}'")
        self.tables.update("CITIZENS", record["id"], {"InVenice": True})

    def remove(self) -> None:
        """Somebody deletes the processor."""
        (record,) = self.tables.select("CITIZENS", f"{{Username}} = '{PROCESSOR}'")
        self.tables.delete("CITIZENS", record["id"])

    @property
    def ducats(self) -> float:
        """The processor's balance in the base."""
        return self.counter.ducats_of(PROCESSOR)

    @property
    def writes(self) -> list[Request]:
        """Everything that was to change the base."""
        return self.counter.writes

    def citizens(self, username: str = PROCESSOR) -> list[dict[str, Any]]:
        """The rows of that name, to the letter."""
        rows = self.counter.rows("CITIZENS")
        return [row for row in rows if row.get("Username") == username]

    def after_write(self, happen: Callable[[], None]) -> None:
        """Let somebody act between the next write and whatever follows it."""
        self._intercept(happen, before=False)

    def before_write(self, happen: Callable[[], None]) -> None:
        """Let somebody act just before the next write."""
        self._intercept(happen, before=True)

    def _intercept(self, happen: Callable[[], None], *, before: bool) -> None:
        handler = self.network._handler
        done: list[bool] = []

        def handle(request: Request) -> Any:
            is_ours = is_citizen_write(request) and not done
            if is_ours:
                done.append(True)
            if is_ours and before:
                happen()
            response = handler(request)
            if is_ours and not before:
                happen()
            return response

        self.network._handler = handle


def is_citizen_write(request: Request) -> bool:
    """A new citizen, or a changed one."""
    return is_write(request) and "/CITIZENS" in request.path


def is_citizen_read(request: Request) -> bool:
    """Citizens looked up."""
    return "/CITIZENS" in request.path and not is_citizen_write(request)
