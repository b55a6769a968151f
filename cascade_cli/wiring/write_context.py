"""For commands that move ducats: the journal, the run lock and the guard of test and live."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import typer

from cascade_cli.adapters.journal import Journal
from cascade_cli.cli.terminal.rounding import readable
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.errors import GuardError
from cascade_cli.services.events.live_mode import guard_mode
from cascade_cli.settings import Settings
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.journal import chosen_url, journal_url
from cascade_cli.wiring.reading import Wiring
from cascade_cli.wiring.worker import this_worker
from cascade_cli.wiring.writing import WriteWiring, run_lock, wire_writing

__all__ = [
    "WriteContext",
    "check_answerable",
    "confirm",
    "confirm_plan",
    "open_journal",
    "this_worker",
    "write_context",
]


T = TypeVar("T")

# After a longer question a plan is made again: Stripe may have sent money back meanwhile.
PLAN_LASTS = timedelta(minutes=1)


@dataclass(frozen=True)
class WriteContext:
    """Everything a writing command works with."""

    session: Session
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
        """What every stratagem's Notes tell of who made it."""
        return {"operator": self.worker.operator, "livemode": self.settings.livemode}


# What reads much, and lets the requests of others go first.
_PATIENT = frozenset({"reconcile --repair", "events replay"})


@contextmanager
def write_context(
    session: Session,
    command: str,
    *,
    lock: bool = True,
    check: Callable[[Settings], None] = lambda _settings: None,
) -> Iterator[WriteContext]:
    """Connected services, an open journal and, unless told otherwise, the base's run lock.

    `check` may raise before any of it is used: there has been no request and no entry yet.
    Raises LockedError if another run is at work on the same base.
    """
    worker = this_worker(command)
    with (
        connected(session, in_hurry=command not in _PATIENT) as wiring,
        closing(open_journal(session, wiring, worker)) as journal,
    ):
        check(wiring.settings)
        with run_lock(journal, wiring.settings.airtable_base) if lock else nullcontext() as held:
            # Whoever stood still for long may have lost the lock: looked at before each write.
            permit = (held.renew,) if held else ()
            writing = wire_writing(wiring, journal, session.warn, *permit)
            if held and wiring.clock.ahead:
                # Its lease was taken by a clock that Airtable's first answer has corrected.
                held.renew()
            yield WriteContext(session, worker, wiring, writing)


def confirm_plan(
    context: WriteContext,
    question: str,
    plan: T,
    plan_again: Callable[[], T],
    writes: Callable[[T], object],
    *,
    yes: bool,
) -> T:
    """Ask, and return the plan to carry out: after a slow answer the same one, made again.

    `writes` tells what a plan would write. Raises GuardError for a no, and where the plan that is
    made again would write something else than was shown.
    """
    asked_at = context.writing.now()
    confirm(context.session, question, yes=yes)
    if context.writing.now() - asked_at <= PLAN_LASTS:
        return plan
    latest = plan_again()
    if writes(latest) != writes(plan):
        raise GuardError(
            "What is to be done has changed since it was shown.",
            "Nothing was written. Type the same command again, and look at it anew.",
        )
    return latest


def confirm(session: Session, question: str, *, yes: bool) -> None:
    """Ask, with the settings file that is read, unless --yes.

    Raises GuardError for a no, or where nobody can be asked.
    """
    check_answerable(yes=yes)
    if not yes and not _is_agreed(readable(question) + session.settings_note):
        raise GuardError("Nothing was written: you said no.")


def _is_agreed(question: str) -> bool:
    """Ctrl-D is a no. Ctrl-C ends the command as everywhere: typer makes an error of both."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            return False
        raise KeyboardInterrupt from None


def check_answerable(*, yes: bool) -> None:
    """Call before anything is shown that ends in a question. Raises GuardError."""
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise GuardError(
            "Nothing was written: this needs a yes, and there is no terminal to ask.",
            "Look at --dry-run, then add --yes.",
        )


def open_journal(session: Session, wiring: Wiring, worker: Worker) -> Journal:
    """The journal of the live base, or the sandbox's own; of all shops in it, for this one."""
    url = journal_url(session, chosen_url(wiring.settings))
    worker = replace(worker, base=wiring.settings.airtable_base)
    return Journal(url, worker, now=wiring.clock.now, secrets=session.secrets)
