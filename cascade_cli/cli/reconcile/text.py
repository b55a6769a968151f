"""A reconciliation for a tired person: verdict, equation, kinds, then what to do, worst first.

On a terminal it is one screen. In a pipe every discrepancy is listed, and so are the cases that
somebody selects with options. Long lines are folded. Commands are not: they stand on lines of their
own, so that they can be copied whole. Only the one screen cuts off long names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.items.kinds import kinds_explained, kinds_table
from cascade_cli.cli.items.text import Block, item_blocks, row, typed, verdict
from cascade_cli.cli.reconcile.json import RunFacts
from cascade_cli.cli.terminal.console import completed, paged, settings_note
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.reconcile.equation import Equation
from cascade_cli.domain.reconcile.overview import kind_counts, open_cases
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, Selection
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.money import ZERO, rounded
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment, format_span
from cascade_cli.services.reconcile.gather import Coverage, Run

# A small terminal has 24 lines; one is for the prompt.
MOST_ROWS = 23
WORST = 5


class Brevity(Enum):
    """How much the one screen is shortened."""

    FULL = "as in the list"
    BRIEF = "reasons of one word"
    TERSE = "and only what the verdict rests on"


def show(
    session: Session, run: Run, reading: RunFacts, selection: Selection, again: Sequence[str]
) -> None:
    """Print the report. `again` are the options that make another run read the same payments."""
    console = session.console()
    if sys.stdout.isatty() and not selection.is_asked_for:
        _show_screen(console, run, reading, again)
        return
    with paged(console, wanted=session.pages):
        _show_list(console, run, reading, selection, again)


def _show_screen(console: Console, run: Run, reading: RunFacts, again: Sequence[str]) -> None:
    layouts = (list(blocks) for blocks in _layouts(console, run, reading, again))
    for blocks in layouts:
        if sum(block.rows(console) for block in blocks) <= MOST_ROWS:
            break
    for block in blocks:
        block.put(console)


def _layouts(
    console: Console, run: Run, reading: RunFacts, again: Sequence[str]
) -> Iterator[Iterable[Block]]:
    """From the roomiest to the smallest that is of use: first with fewer words, then with fewer
    cases."""
    found = run.result.discrepancies
    kinds = [Block(kinds_table(kind_counts(run.result), console.width))] if found else []
    tight = ((number, brevity) for number in range(WORST, -1, -1) for brevity in Brevity)
    for number, brevity in ((WORST, None), *tight):
        head = [Block(text) for text in _head(console, run, reading, brevity or Brevity.FULL)]
        worst = [_worst(console, item, reading.terms.now, brevity) for item in found[:number]]
        rest = len(found) - min(number, len(found))
        closing = _closing(console, run.result, again, rest, is_terse=brevity is Brevity.TERSE)
        blocks = [block for pair in worst for block in pair]
        parts = [part for part in (head, kinds, blocks, [Block(closing, is_typed=True)]) if part]
        yield _spaced(parts) if brevity is None else [block for part in parts for block in part]


def _spaced(parts: Sequence[Sequence[Block]]) -> list[Block]:
    blocks = [block for part in parts for block in (*part, Block(Text()))]
    return blocks[:-1]


def _worst(
    console: Console, item: Item, now: datetime, brevity: Brevity | None
) -> tuple[Block, Block]:
    """One line, and the command that closes the case, in the form that takes the fewest rows."""
    step = item.repair_or_story
    lines = [step.command]
    if brevity in {Brevity.BRIEF, Brevity.TERSE} and step.brief:
        lines.append(step.brief)
    commands = [typed(console, line) for line in lines]
    return Block(row(console, item, now)), min(commands, key=lambda block: block.rows(console))


def _show_list(
    console: Console, run: Run, reading: RunFacts, selection: Selection, again: Sequence[str]
) -> None:
    for text in _head(console, run, reading):
        console.print(text)
    if not selection.is_part:
        for text in _read(run, reading):
            console.print(text)
        console.print(kinds_explained(run.result.counts))
    listed = 0
    for item in selection.items(run.result):
        listed += item.is_open
        for block in item_blocks(console, item, reading.terms.now):
            block.put(console)
    rest = len(run.result.discrepancies) - listed
    console.print(_closing(console, run.result, again, rest), soft_wrap=True)


def _head(
    console: Console, run: Run, reading: RunFacts, brevity: Brevity = Brevity.FULL
) -> Iterator[Text]:
    """Verdict first, then where it comes from."""
    is_terse = brevity is Brevity.TERSE
    found, window, coverage = open_cases(run.result), reading.window, run.coverage
    yield verdict(found).append_text(settings_note(console))
    span = format_span(window.until - window.since)
    charges, rows = (
        format_count(coverage.charges, "paid charge"),
        format_count(coverage.stratagems, "stratagem"),
    )
    read = "" if is_terse else f": {charges}, {rows}"
    since, until = f"{window.since:%Y-%m-%d %H:%M}", format_moment(window.until)
    yield Text(f"{since} – {until} ({span}){read}.")
    if changes := reading.since_last:
        yield Text(
            f"Since the run of {format_moment(changes.since)}: {changes.described}, "
            f"{len(changes.still_open)} still open."
        )
    if run.verification and run.verification.wrong:
        yield Text(f"Verified: {run.verification.sentence}.", "bold red")
    if owed := run.result.debts.values():
        ducats = rounded(sum(owed, ZERO))
        yield Text(f"Debts after refunds: {ducats} ducats of {format_count(len(owed), 'payment')}.")
    if found.closed:
        yield Text(found.closed)
    yield from _equation(run.result.equation, console.width, is_terse=is_terse)


def _read(run: Run, reading: RunFacts) -> Iterator[Text]:
    """How it was read, what was left alone, and what was verified."""
    coverage = run.coverage
    yield Text(
        f"Read in full, with {reading.stripe_requests} Stripe and {reading.airtable_requests} "
        "Airtable requests."
    )
    if coverage.other_products + coverage.unpaid:
        yield Text(
            f"Left alone: {format_count(coverage.other_products, 'charge')} for other products, "
            f"{coverage.unpaid} not paid."
        )
    if told := followed_up(coverage):
        yield Text(told)
    if run.verification and not run.verification.wrong:
        yield Text(f"Verified: {run.verification.sentence}.")


def followed_up(coverage: Coverage) -> str:
    """A sentence about what was judged although it lies outside the window; empty if nothing
    was."""
    parts = (
        (coverage.carried, "left open"),
        (coverage.changed, "changed at Stripe"),
        (coverage.named, "credited since"),
    )
    told = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f"From before the window: {told}." if told else ""


def _equation(equation: Equation, width: int, *, is_terse: bool) -> Iterator[Text]:
    """Only the parts that are not zero. A residual is a bug in cascade."""
    sold = f"Ducats sold {rounded(equation.sold)}", f"= settled {rounded(equation.settled)}"
    parts = _amounts(equation, "in flight", "undelivered", "doubtful", "unattributable")
    yield from _flowing([*sold, *(f"+ {part}" for part in parts)], width)
    if equation.residual:
        told = f"The ducats do not balance: residual {rounded(equation.residual)}."
        yield Text(told, "bold red")
    beside = _amounts(equation, "over-delivered", "orphaned", "returned", "refund exposure")
    if beside and not is_terse:
        words = [*(f"{amount}," for amount in beside[:-1]), f"{beside[-1]}."]
        yield from _flowing(["Not in this sum:", *words], width)


def _amounts(equation: Equation, *names: str) -> list[str]:
    return [f"{name} {rounded(ducats)}" for name in names if (ducats := equation.called(name))]


def _flowing(words: Sequence[str], width: int) -> Iterator[Text]:
    """In as few lines as possible. A name and its number stay together."""
    line = words[0]
    for word in words[1:]:
        if len(line) + 1 + len(word) > width:
            yield Text(line)
            line = f"  {word}"
        else:
            line += f" {word}"
    yield Text(line)


def _closing(
    console: Console,
    result: Reconciliation,
    again: Sequence[str],
    rest: int,
    *,
    is_terse: bool = False,
) -> Text:
    """How to see the rest, and what to do first."""
    if not result.discrepancies:
        left = ", in flight or decided" if result.decided else " or in flight"
        return Text(f"Nothing to do: every charge is settled{left}.", "bold green")
    how = ": --all" if is_terse else " with --all or --kind K"
    more = f"{rest:,} more{how}. " if rest else ""
    return Text(f"{more}Next: {completed(console, next_command(result, again))}", "bold")


def next_command(result: Reconciliation, again: Sequence[str]) -> str:
    """Automatic repairs come first: they leave less to people."""
    if open_cases(result).automatic:
        return command("reconcile", "--repair", *again)
    return result.discrepancies[0].repair_or_story.command
