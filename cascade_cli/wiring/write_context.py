"""For commands that move ducats: the journal, the run lock and the guard of test and live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Generic, TypeVar

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.services.delivery.credit_guards import guard_mode
from cascade_cli.settings import Settings
from cascade_cli.wiring import Invocation
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.journal import open_journal
from cascade_cli.wiring.reading import Wiring
from cascade_cli.wiring.worker import this_worker
from cascade_cli.wiring.writing import WriteWiring, run_lock, wire_writing

# These commands read much, and let the requests of others go first.
_UNHURRIED = frozenset({"reconcile --repair", "events replay"})

Caller = TypeVar("Caller", bound=Invocation)


@dataclass(frozen=True)
class WriteContext(Generic[Caller]):
    """Everything that a command or call needs to move ducats."""

    session: Caller
    worker: Worker
    reading: Wiring
    writing: WriteWiring

    @property
    def settings(self) -> Settings:
        """The settings of this run."""
        return self.reading.settings

    @property
    def journal(self) -> Journal:
        """The audit trail."""
        return self.writing.journal

    def begin(self) -> None:
        """Call before the first write. Raises GuardError if the base belongs to the other mode."""
        base, live = self.settings.airtable_base, self.settings.livemode
        guard_mode(self.journal, self.reading.venice, base, livemode=live)

    def facts(self) -> dict[str, object]:
        """What the Notes of every stratagem say about who made it."""
        return {"operator": self.worker.operator, "livemode": self.settings.livemode}


@contextmanager
def write_context(
    session: Caller,
    command: str,
    *,
    lock: bool = True,
    check: Callable[[Settings], None] = lambda _settings: None,
) -> Iterator[WriteContext[Caller]]:
    """Connected services, an open journal and, unless `lock` is false, the base's run lock.

    `check` may refuse the settings by raising, before there is any request or journal entry.
    Raises LockedError if another run is at work on the same base.
    """
    worker = this_worker(command)
    with (
        connected(session, in_hurry=command not in _UNHURRIED) as wiring,
        closing(open_journal(session, wiring.settings, worker, wiring.clock.now)) as journal,
    ):
        check(wiring.settings)
        with run_lock(journal, wiring.settings.airtable_base) if lock else nullcontext() as held:
            # A process that stood still for long may have lost the lock: renewed before each write.
            permit = (held.renew,) if held else ()
            writing = wire_writing(wiring, journal, session.warn, *permit)
            if held and wiring.clock.ahead:
                # The lease was taken before Airtable's first answer corrected the clock.
                held.renew()
            yield WriteContext(session, worker, wiring, writing)
