"""Asking the operator before something is written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import typer

from cascade_cli.cli.terminal.rounding import readable
from cascade_cli.cli.terminal.session import Session
from cascade_cli.errors import GuardError
from cascade_cli.wiring.writing import WriteContext

T = TypeVar("T")

# If the answer takes longer, the plan is made again: Stripe may have sent money back meanwhile.
PLAN_LASTS = timedelta(minutes=1)


def confirm_plan(
    context: WriteContext[Session],
    question: str,
    plan: T,
    plan_again: Callable[[], T],
    writes: Callable[[T], object],
    *,
    yes: bool,
) -> T:
    """Ask, and return the plan to carry out. After a slow answer the plan is made again.

    `writes` says what a plan would write. Raises GuardError for a no, and if the new plan would
    write something else than was shown.
    """
    asked_at = context.writing.now()
    confirm(context.session, question, yes=yes)
    if context.writing.now() - asked_at <= PLAN_LASTS:
        return plan
    latest = plan_again()
    if writes(latest) != writes(plan):
        raise GuardError(
            "The plan has changed since it was shown.",
            "Nothing was written. Type the same command again, and check the new plan.",
        )
    return latest


def confirm(session: Session, question: str, *, yes: bool) -> None:
    """Ask, naming the settings file that is in use, unless --yes.

    Raises GuardError for a no, or if there is nobody to ask.
    """
    check_answerable(yes=yes)
    if not yes and not _is_agreed(readable(question) + _note(session)):
        raise GuardError("Nothing was written: you said no.")


def _note(session: Session) -> str:
    """Which settings are in use; `live` has its own colour."""
    from cascade_cli.cli.terminal.console import settings_note  # noqa: PLC0415 - it costs 40 ms

    console = session.console(stderr=True)
    note = settings_note(console)
    note.style = ""
    with console.capture() as capture:
        console.print(note, end="", soft_wrap=True)
    return capture.get()


def _is_agreed(question: str) -> bool:
    """Ctrl-D is a no. Ctrl-C ends the command, as everywhere. Typer raises Abort for both."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            return False
        raise KeyboardInterrupt from None


def check_answerable(*, yes: bool) -> None:
    """Raises GuardError if nobody could answer. Call it before showing anything that ends in a
    question."""
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise GuardError(
            "Nothing was written: this needs a yes, and there is no terminal to ask.",
            "Look at --dry-run, then add --yes.",
        )
