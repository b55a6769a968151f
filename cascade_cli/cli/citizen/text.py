"""The processor's account as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.terminal.console import to_type
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.processor import BalanceChange
from cascade_cli.domain.delivery.runway import OUTFLOW_DAYS, Finances, Sum
from cascade_cli.domain.records.citizens import CitizenRow
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.engine_schedule import DailyRuns, Schedule
from cascade_cli.domain.shop.money import (
    enough,
    exactly,
    format_ducats,
    format_optional,
    nearest,
    rounded,
)
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment, format_span, rfc3339
from cascade_cli.errors import ExitCode
from cascade_cli.services.processor.balance import BalancePlan, BalanceReport


def plan_outcome(plan: BalancePlan, username: str) -> Outcome:
    """What would be written by a dry run's plan."""
    text = {
        BalanceChange.CREATE: "would be created with {after} ducats",
        BalanceChange.RAISE: "would be raised from {before} to {after} ducats",
        BalanceChange.LOWER: "would be lowered from {before} to {after} ducats",
        BalanceChange.NONE: "has {after} ducats: nothing would be written",
    }[plan.step.change]
    if plan.step.leaves:
        text = f"{_or_kept_balance(plan, text)}; InVenice would be set to false"
    data = {"dry_run": True, **_document(plan, username)}
    return Outcome(data, lambda session: _tell(session, username, _filled(text, plan)))


def report_outcome(session: Session, report: BalanceReport, username: str) -> Outcome:
    """What was written. Exit code 3 if the base shows something else by now, or if the engine
    executed transfers during the write."""
    text = {
        BalanceChange.CREATE: "was created with {after} ducats",
        BalanceChange.RAISE: "was raised from {before} to {after} ducats",
        BalanceChange.LOWER: "was lowered from {before} to {after} ducats",
        BalanceChange.NONE: "has {after} ducats: nothing was written",
    }[report.plan.step.change]
    if report.plan.step.leaves:
        text = f"{_or_kept_balance(report.plan, text)}; InVenice was set to false"
    for warning in _warnings(report):
        session.warn(warning)
    is_clean = report.is_as_written and not report.executed_meanwhile
    data = {
        "dry_run": False,
        **_document(report.plan, username),
        "read_back_ducats": [format_ducats(processor.ducats) for processor in report.found],
        "record_ids": [processor.record_id for processor in report.found],
        "is_as_written": report.is_as_written,
        "executed_meanwhile": [row.stratagem_id for row in report.executed_meanwhile],
    }
    return Outcome(
        data,
        lambda session: _tell(session, username, _filled(text, report.plan)),
        ExitCode.OK if is_clean else ExitCode.DISCREPANCIES,
    )


def finances_outcome(
    processor: CitizenRow, finances: Finances, schedule: Schedule, now: datetime
) -> Outcome:
    """The balance, and how long it will last."""
    runway, last = finances.runway_days, finances.last_executed_at
    data = {
        "citizen": processor.username,
        "record_id": processor.record_id,
        "social_class": processor.social_class or None,
        "ducats": format_ducats(processor.ducats),
        "in_flight": {
            "ducats": format_ducats(finances.owed),
            "live": _sum(finances.live),
            "planned": _sum(finances.planned),
        },
        "outflow": {
            "days": OUTFLOW_DAYS,
            "executed": _sum(finances.executed),
            "daily_ducats": format_ducats(finances.daily_outflow),
        },
        "runway_days": format_optional(runway),
        "engine": {
            "last_executed_at": rfc3339(last) if last else None,
            "next_run_at": rfc3339(schedule.next_run(now)),
        },
    }
    return Outcome(
        data, lambda session: _show(session.console(), processor, finances, schedule, now)
    )


def _show(
    console: Console, processor: CitizenRow, finances: Finances, schedule: Schedule, now: datetime
) -> None:
    console.print(Text(escape(processor.username), "bold"), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=16)
    table.add_column(overflow="fold")
    for name, text in _lines(finances, schedule, now):
        table.add_row(Text(name), Text(text))
    console.print(table)
    if finances.ducats < finances.owed:
        with exactly():
            # Rounded up to what the engine's float can hold, so that the command pays for
            # everything.
            short = format_ducats(enough(finances.owed - finances.ducats))
        console.print(Text(f"It cannot pay what is in flight: {short} ducats are missing.", "red"))
        console.print(
            to_type(console, command("citizen", "replenish", "--by", short)), soft_wrap=True
        )


def _lines(finances: Finances, schedule: Schedule, now: datetime) -> Iterator[tuple[str, str]]:
    yield "balance", f"{rounded(finances.ducats)} ducats"
    yield (
        "in flight",
        f"{rounded(finances.owed)} ducats: {format_count(finances.live.number, 'transfer')} live, "
        f"{finances.planned.number} planned",
    )
    executed = f"{format_count(finances.executed.number, 'transfer')} in {OUTFLOW_DAYS} days"
    yield "daily outflow", f"{rounded(finances.daily_outflow)} ducats a day ({executed})"
    runway = finances.runway_days
    yield "runway", "no end in sight" if runway is None else f"{rounded(runway)} days"
    last = finances.last_executed_at
    ago = f"{format_moment(last)}, {format_span(now - last)} ago" if last else "never"
    yield "last executed", ago
    wait = schedule.next_run(now) - now
    ahead = f", in {format_span(wait)}" if isinstance(schedule, DailyRuns) else ""
    yield "engine's next run", f"{schedule.describe(now)}{ahead}"


def _warnings(report: BalanceReport) -> Iterator[str]:
    after = report.plan.step.after
    if len(report.found) != 1:
        yield f"There are {len(report.found)} citizens of that name now; check the base."
    elif not report.is_as_written:
        yield _changed(after, report.found[0].ducats)
    if report.executed_meanwhile:
        yield _overwritten(after, report.executed_meanwhile)


def _changed(after: Decimal, found: Decimal) -> str:
    with exactly():
        difference = abs(found - after)
    way = "less" if found < after else "more"
    return (
        f"Somebody else wrote the balance in between: cascade wrote {format_ducats(after)}, and "
        f"now it is {format_ducats(found)}, {format_ducats(difference)} {way}. If transfers that "
        "were executed just now explain the difference, it is right; if not, run: "
        f"{command('citizen', 'replenish', '--to', format_ducats(after))}"
    )


def _overwritten(after: Decimal, executed: tuple[Stratagem, ...]) -> str:
    debit = Sum.of(executed)
    with exactly():
        right = nearest(after - debit.ducats)
    # --force, because the engine has just run: a write so near its run is refused without it.
    correct = command("citizen", "replenish", "--to", format_ducats(right), "--force")
    return (
        f"The engine executed {format_count(debit.number, 'transfer')} of "
        f"{format_ducats(debit.ducats)} ducats while the balance was written: the write may have "
        f"erased their debit. If so, correct it: {correct}"
    )


def _document(plan: BalancePlan, username: str) -> dict[str, Any]:
    before = plan.step.before
    return {
        "citizen": username,
        "change": plan.step.change.value,
        "before_ducats": format_optional(before),
        "after_ducats": format_ducats(plan.step.after),
        "earlier_write": plan.trace.value,
        "leaves_venice": plan.step.leaves,
    }


def _or_kept_balance(plan: BalancePlan, text: str) -> str:
    return "keeps its {after} ducats" if plan.step.change is BalanceChange.NONE else text


def _filled(text: str, plan: BalancePlan) -> str:
    before, after = plan.step.before, plan.step.after
    shown_before = "" if before is None else rounded(before)
    return text.format(before=shown_before, after=rounded(after))


def _tell(session: Session, username: str, text: str) -> None:
    session.console().print(Text(f"{escape(username)} {text}."), soft_wrap=True)


def _sum(summed: Sum) -> dict[str, Any]:
    return {"transfers": summed.number, "ducats": format_ducats(summed.ducats)}
