"""The state of the shop on one screen: 80 columns, and 24 lines unless very much is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.items.kinds import kinds_table
from cascade_cli.cli.items.text import Block, item_blocks, typed, verdict
from cascade_cli.cli.terminal.console import completed, settings_note
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.delivery.runway import (
    OUTFLOW_DAYS,
    RUNWAY_LOW_DAYS,
    RUNWAY_OUT_DAYS,
    Finances,
)
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.domain.reconcile.overview import Today, in_flight, kind_counts, open_cases
from cascade_cli.domain.reconcile.reconciliation import Selection
from cascade_cli.domain.records.journal_entries import Holder
from cascade_cli.domain.records.stripe_events import EventState, Kept
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.engine_schedule import DailyRuns
from cascade_cli.domain.shop.money import ZERO, exactly, rounded
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment, format_span
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.services.status.status_service import Records, Status, Treasury

MOST_ATTENTION = 3
_UNKNOWN = Text("not known, see above", "yellow")
SANDBOX = "sandbox"
BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = ".:-=+*%#"
NO_BAR = "_"
"""Zero has a sign of its own: a day with few ducats is not a day without."""


@dataclass(frozen=True)
class StatusScreen:
    """The status, and what else the screen shows.

    `since` is as typed, `requests` how many were sent to Stripe and to Airtable. If there is a
    `selection`, its cases are listed.
    """

    status: Status
    today: Today | None
    processor: str
    mode: str
    since: str
    requests: tuple[int, int]
    selection: Selection = field(default_factory=Selection)

    @property
    def now(self) -> datetime:
        """When it was read."""
        return self.status.terms.now


def screen(console: Console, shown: StatusScreen, beneath: Sequence[Text] = ()) -> Iterator[Block]:
    """The whole screen. Whatever must not be cut off at the bottom of a small terminal, `beneath`
    among it, comes right below the headline."""
    yield Block(_headline(shown).append_text(settings_note(console)))
    for gap in shown.status.gaps:
        told = escape(completed(console, gap.error.message))
        yield Block(Text(f"Not known: {gap.what}. {told}", "yellow"))
    yield from map(Block, beneath)
    yield Block(Text())
    yield Block(_grid(_lines(console, shown)))
    yield Block(Text())
    if shown.status.run:
        yield from _open(console, shown, shown.status.run)
    yield from _attention(console, _of_payments(shown.status.attention))


def _headline(shown: StatusScreen) -> Text:
    text = Text("cascade status", "bold")
    return text.append(f"  {format_moment(shown.now)}  {shown.mode}", "default")


def _grid(lines: Iterator[tuple[str, Text]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=11)
    table.add_column(overflow="fold")
    for name, text in lines:
        table.add_row(Text(name, "dim"), text)
    return table


def _lines(console: Console, shown: StatusScreen) -> Iterator[tuple[str, Text]]:
    status, now = shown.status, shown.now
    treasury, records = status.treasury, status.records
    yield from _money(treasury, console.encoding)
    yield "in flight", _in_flight(status.run, now) if status.run else _UNKNOWN
    yield "today", _today(shown.today, now) if shown.today else _UNKNOWN
    yield "engine", _engine(status)
    if records is None:
        yield "last run", _UNKNOWN
        return
    yield "last run", _last_run(console, shown, records.memory)
    if records.last_writes:
        yield "last writes", _last_writes(records, now)
    if any(records.events.values()):
        yield "webhook", _webhook(records, status.attention, now)
    if records.worker:
        yield "worker", _worker(records.worker, now)
    elif records.events[EventState.WAITING]:
        yield "worker", Text("none: no cascade serve is running to credit them", "yellow")


def _money(treasury: Treasury | None, encoding: str) -> Iterator[tuple[str, Text]]:
    finances = treasury.finances if treasury else None
    yield "processor", _balance(finances) if finances else _UNKNOWN
    yield "runway", _runway(finances) if finances else _UNKNOWN
    if treasury is None:
        yield "delivered", _UNKNOWN
        return
    amounts = [day.ducats for day in treasury.delivered]
    text = Text(sparkline(amounts, encoding), "cyan")
    most = f"  a day, for {OUTFLOW_DAYS} days; at most {rounded(max(amounts))} ducats"
    yield "delivered", text.append(most, "default")


def sparkline(values: Sequence[Decimal], encoding: str) -> str:
    """A bar for each value: the highest is full, the others in proportion, rounded up.

    Values are zero or more. If `encoding` has no blocks, ASCII characters stand for them.
    """
    top, steps = max(values, default=Decimal(0)), _steps(encoding)
    return "".join(_bar(value, top, steps) for value in values)


def _bar(value: Decimal, top: Decimal, steps: str) -> str:
    if not value:
        return NO_BAR
    # Fractions are exact: a rounded quotient could land on the wrong step.
    return steps[ceil(Fraction(value) * len(steps) / Fraction(top)) - 1]


def _steps(encoding: str) -> str:
    try:
        BARS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII_BARS
    return BARS


def _balance(finances: Finances) -> Text:
    text = Text(f"{rounded(finances.ducats)} ducats")
    if finances.ducats < finances.owed:
        with exactly():
            short = finances.owed - finances.ducats
        return text.append(f": {rounded(short)} too few for what is in flight", "bold red")
    number = finances.live.number + finances.planned.number
    due = f"; {rounded(finances.owed)} due to go out in {format_count(number, 'transfer')}"
    return text.append(due if number else "; nothing is due to go out")


def _runway(finances: Finances) -> Text:
    days = finances.runway_days
    if days is None:
        return Text(f"no end in sight: nothing was delivered in {OUTFLOW_DAYS} days")
    daily = f", at {rounded(finances.daily_outflow)} ducats a day"
    return Text(f"{rounded(days)} days", _runway_style(days)).append(daily, "default")


def _runway_style(days: Decimal) -> str:
    if days < RUNWAY_OUT_DAYS:
        return "bold red"
    return "yellow" if days < RUNWAY_LOW_DAYS else "green"


def _in_flight(run: Run, now: datetime) -> Text:
    found = in_flight(run.result)
    if found.oldest_at is None:
        return Text("nothing")
    number = format_count(found.payments, "payment")
    age = format_span(now - found.oldest_at)
    return Text(f"{number}, {rounded(found.ducats)} ducats; the oldest paid {age} ago")


def _today(today: Today, now: datetime) -> Text:
    span = format_span(today.resets_at - now)
    text = Text(f"{rounded(today.promised)} of {rounded(today.limit)} ducats credited; ")
    text.append(f"{rounded(today.left)} left", "default" if today.left else "bold red")
    return text.append(f", resets in {span}", "default")


def _engine(status: Status) -> Text:
    now, schedule = status.terms.now, status.terms.schedule
    text = Text(f"next run {schedule.describe(now)}")
    if isinstance(schedule, DailyRuns):
        text.append(f", in {format_span(schedule.next_run(now) - now)}")
    treasury = status.treasury
    if treasury is None:
        return text
    last = treasury.last_executed_at
    text.append(f"; executed {format_span(now - last)} ago" if last else "; executed nothing yet")
    if treasury.passed_over:
        number = format_count(treasury.passed_over, "transfer")
        text.append(f"\nit seems to be stuck: {number} should have been executed", "bold red")
    return text


def _last_run(console: Console, shown: StatusScreen, memory: Checkpoint | None) -> Text:
    if memory is None:
        begin = completed(console, command("reconcile"))
        return Text(f"no complete reconciliation is recorded: {begin}")
    left = sum(Kind(kind).is_discrepancy for kind in memory.open.values())
    ago = format_span(shown.now - memory.until)
    return Text(f"reconciled {format_moment(memory.until)}, {ago} ago; {left} left open")


def _last_writes(records: Records, now: datetime) -> Text:
    told = (f"{w.command} {format_span(now - w.at)} ago" for w in records.last_writes)
    return Text(escape("; ".join(told)))


def _webhook(records: Records, attention: Sequence[Kept], now: datetime) -> Text:
    text = Text(f"{format_count(records.events[EventState.CREDITED], 'event')} credited, ")
    text.append(f"{records.events[EventState.WAITING]} waiting")
    if oldest := records.oldest_waiting:
        text.append(f" (the oldest {format_span(now - oldest)})")
    return text.append(
        f", {format_count(len(_of_payments(attention)), 'payment needs', 'payments need')} you",
        "yellow" if attention else "default",
    )


def _worker(worker: Holder, now: datetime) -> Text:
    age = format_span(now - datetime.fromisoformat(worker.since))
    return Text(escape(f"pid {worker.pid} on {worker.host} has been crediting for {age}"))


def _open(console: Console, shown: StatusScreen, run: Run) -> Iterator[Block]:
    """The verdict in the words of `reconcile`, then the kinds, or the selected cases."""
    found = open_cases(run.result)
    yield Block(verdict(found))
    yield Block(Text(_since(shown.status)))
    if owed := sum(shown.status.debts.values(), ZERO):
        yield Block(Text(f"Debts after refunds: {rounded(owed)} ducats.", "yellow"))
    if found.closed:
        yield Block(Text(found.closed))
    if shown.selection.is_part:
        yield from _listed(console, shown, run)
    elif found.number:
        yield Block(kinds_table(kind_counts(run.result), console.width))
        yield typed(console, command("reconcile", "--since", shown.since))


def _since(status: Status) -> str:
    span = format_span(status.window.until - status.known_since)
    begin = f"Read since {format_moment(status.known_since)} ({span})"
    changed = status.since_last
    if changed is None:
        return f"{begin}."
    return f"{begin}: {changed.described} since the last run."


def _listed(console: Console, shown: StatusScreen, run: Run) -> Iterator[Block]:
    items = list(shown.selection.items(run.result))
    for item in items:
        yield from item_blocks(console, item, shown.now)
    if not items:
        yield Block(Text("No case matches what you asked for."))


def _of_payments(attention: Sequence[Kept]) -> list[Kept]:
    """The newest event of each payment: there may be several about one payment."""
    return list({kept.about: kept for kept in attention}.values())


def _attention(console: Console, attention: Sequence[Kept]) -> Iterator[Block]:
    """What the webhook could not decide, the newest first."""
    for kept in list(reversed(attention))[:MOST_ATTENTION]:
        event = kept.accepted.event
        told = escape(completed(console, kept.note))
        yield Block(Text(f"The webhook left this to you: {told}", "yellow"))
        yield typed(console, command("explain", event.payment_id or event.id))
    if len(attention) > MOST_ATTENTION:
        yield Block(Text(f"  and {len(attention) - MOST_ATTENTION} more, see --json"))
