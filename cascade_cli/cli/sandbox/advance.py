"""`cascade sandbox advance`: puts the sandbox's clock forward."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from cascade_cli.cli.sandbox.run import compared, opened, text_outcome, translated_errors
from cascade_cli.cli.terminal.escape import escape, format_count
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.windows import duration_option
from cascade_cli.domain.shop.times import format_moment, rfc3339
from cascade_cli.errors import UsageError
from cascade_cli.sandbox import instance
from cascade_cli.sandbox.advance import LONGEST, Advance, Happening
from cascade_cli.sandbox.clock import SandboxClock


def advance(session: Session, span: str, *, engine: bool) -> Outcome:
    """Let time pass in the sandbox. Raises UsageError if the span is empty or too long."""
    duration = duration_option("sandbox advance", span)
    if not duration or duration > LONGEST:
        raise UsageError(
            f"The clock can advance by 1s to {LONGEST.days}d, not by {span}. It was not moved."
        )
    clock = instance.clock_of(session.folder)
    with opened(session) as app, translated_errors():
        happened = list(Advance(app, clock, engine=engine).by(duration))
    now = clock()
    data = {
        "now": rfc3339(now),
        "ahead_seconds": round(clock.shift.total_seconds()),
        "happened": [_document(one) for one in happened],
    }
    return text_outcome(data, "\n".join([*_lines(happened), shown_time(now, clock)]))


def shown_time(now: datetime, clock: SandboxClock) -> str:
    """A sentence with the sandbox's time, and how its clock compares with this machine's."""
    return f"It is {format_moment(now)} in the sandbox: its clock {compared(clock.shift)}."


def _lines(happened: list[Happening]) -> list[str]:
    quiet = sum(one.is_quiet for one in happened)
    lines = [f"{format_moment(one.at)}  {escape(one.text)}" for one in happened if not one.is_quiet]
    for one in happened:
        lines += [f"  failed: {escape(name)}" for name in one.failed]
    return lines + ([f"{format_count(quiet, 'engine run')} found nothing to do."] if quiet else [])


def _document(one: Happening) -> dict[str, Any]:
    return {**asdict(one), "at": rfc3339(one.at)}
