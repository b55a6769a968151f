"""A reconciliation for a tired person: verdict, equation, counts, then what to do, worst first.

Everything fits 80 columns and nothing is cut off: what does not fit is folded, except the
commands, which stand on lines of their own so that they can be copied whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.console import completed, to_type
from cascade_cli.cli.reconciliation_json import Reading, listed
from cascade_cli.cli.shown import shown
from cascade_cli.domain.equation import Equation
from cascade_cli.domain.kinds import Kind, Severity
from cascade_cli.domain.money import ZERO, format_ducats, format_money
from cascade_cli.domain.reconciliation import Item, Reconciliation
from cascade_cli.domain.times import format_moment, format_span
from cascade_cli.services.reconcile import Coverage, Run

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "yellow",
    Severity.MEDIUM: "cyan",
    Severity.NONE: "green",
}

MEANINGS = {
    Kind.DUPLICATE: "executed, or still able to be, more than once",
    Kind.DOUBTFUL: "the ducats may or may not have moved: a person decides",
    Kind.WRONG_CITIZEN: "went, or goes, to somebody else",
    Kind.AMOUNT_MISMATCH: "went, or goes, out with another amount",
    Kind.ORPHAN: "a transfer with neither a payment nor a reason",
    Kind.UNATTRIBUTABLE: "names no usable citizen or amount of ducats",
    Kind.UNKNOWN_CITIZEN: "names a citizen who does not exist",
    Kind.DISPUTED: "delivered, and the payer contests the payment",
    Kind.REFUNDED: "delivered, and money went back",
    Kind.MISSING: "paid, and no stratagem was made",
    Kind.FAILED: "the engine gave up before ducats moved",
    Kind.STALLED: "has a stratagem that the engine will never take",
    Kind.UNDERPAID: "cost less than its ducats are worth",
    Kind.IN_FLIGHT: "young, or waiting for the engine's next run",
    Kind.SETTLED: "delivered once as sold, or refunded before delivery",
}

# Kind, citizen (the rest of the line), ducats, money, age.
KIND_WIDTH, DUCATS_WIDTH, MONEY_WIDTH, AGE_WIDTH, GAP = 15, 11, 15, 8, 2


def show(console: Console, run: Run, reading: Reading, *, everything: bool) -> None:
    """Print the whole report."""
    console.print(_headline(run, reading))
    console.print(_equation(run.result.equation))
    console.print(_counts(run.result))
    items = list(listed(run.result, everything=everything))
    if items:
        console.print(_row(console, *_header()))
    for item in items:
        _show_item(console, item, reading)
    console.print(_closing(run.result))


def _headline(run: Run, reading: Reading) -> Text:
    window, coverage = reading.window, run.coverage
    text = Text()
    text.append(f"{format_moment(window.since)} – {format_moment(window.until)}", "bold")
    text.append(f" ({format_span(window.until - window.since)})\n")
    text.append(
        f"Read in full: {coverage.charges} paid charges, {coverage.stratagems} stratagems; "
        f"{reading.stripe_requests} Stripe and {reading.airtable_requests} Airtable requests.\n"
    )
    left = coverage.other_products + coverage.unpaid
    if left:
        text.append(
            f"Left alone: {coverage.other_products} charges for other products, "
            f"{coverage.unpaid} not paid.\n"
        )
    if told := followed_up(coverage):
        text.append(f"{told}\n")
    if changes := reading.since_last:
        text.append(
            f"Since the run of {format_moment(changes.since)}: {len(changes.new)} new, "
            f"{len(changes.solved)} solved, {len(changes.still_open)} still open.\n"
        )
    if verification := run.verification:
        style = "bold red" if verification.wrong else "default"
        text.append(f"Verified: {verification.sentence}.\n", style)
    if owed := run.result.debts.values():
        text.append(
            f"Debts after refunds: {format_ducats(sum(owed, ZERO), grouped=True)} ducats of "
            f"{len(owed)} payments.\n"
        )
    text.append(f"The ducats balance: residual {format_ducats(run.result.equation.residual)}. ")
    text.append_text(_verdict(run.result)).append("\n")
    return text


def followed_up(coverage: Coverage) -> str:
    """What was judged although it lies outside the window, in a sentence, if anything was."""
    parts = (
        (coverage.carried, "left open"),
        (coverage.changed, "changed at Stripe"),
        (coverage.named, "credited since"),
    )
    told = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f"From before the window: {told}." if told else ""


def _verdict(result: Reconciliation) -> Text:
    number = len(result.discrepancies)
    if not number:
        return Text("No discrepancies.", "bold green")
    return Text(f"{number} {'discrepancy' if number == 1 else 'discrepancies'}.", "bold red")


def _equation(equation: Equation) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column()
    table.add_column(justify="right")
    parts = (
        ("=", "settled", equation.settled),
        ("+", "in flight", equation.in_flight),
        ("+", "undelivered", equation.undelivered),
        ("+", "doubtful", equation.doubtful),
        ("+", "unattributable", equation.unattributable),
    )
    table.add_row("", Text("ducats sold", "bold"), _ducats(equation.sold))
    for sign, name, ducats in parts:
        table.add_row(sign, name, _ducats(ducats))
    table.add_row("", "over-delivered", _ducats(equation.over_delivered))
    table.add_row("", "orphaned", _ducats(equation.orphaned))
    table.add_row("", "returned", _ducats(equation.returned))
    table.add_row("", "refund exposure", _ducats(equation.refund_exposure))
    return table


def _counts(result: Reconciliation) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("kind")
    table.add_column("number", justify="right")
    table.add_column("what it means")
    for kind in Kind:
        if number := result.counts.get(kind, 0):
            name = Text(kind.replace("_", " "), STYLES[kind.severity])
            table.add_row(name, str(number), Text(MEANINGS[kind], "dim"))
    return table


def _header() -> Iterable[Text]:
    return (Text(name, "bold") for name in ("kind", "citizen", "ducats", "paid", "age"))


def _row(console: Console, *cells: Text) -> Table:
    fixed = KIND_WIDTH + DUCATS_WIDTH + MONEY_WIDTH + AGE_WIDTH + 4 * GAP
    table = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
    table.add_column(width=KIND_WIDTH)
    table.add_column(width=max(console.width - fixed, 12), overflow="fold")
    table.add_column(width=DUCATS_WIDTH, justify="right", overflow="fold")
    table.add_column(width=MONEY_WIDTH, justify="right", overflow="fold")
    table.add_column(width=AGE_WIDTH, justify="right")
    table.add_row(*cells)
    return table


def _show_item(console: Console, item: Item, reading: Reading) -> None:
    charge = item.charge
    console.print(
        _row(
            console,
            Text(item.kind.replace("_", " "), STYLES[item.severity]),
            Text(shown(item.citizen or "–")),
            _ducats(item.ducats) if item.ducats is not None else Text("?"),
            Text(format_money(charge.own_cents, charge.currency) if charge else "–"),
            Text(format_span(reading.terms.now - item.occurred_at)),
        )
    )
    if item.verdict:
        console.print(Padding(Text(shown(completed(console, item.verdict)), "dim"), (0, 0, 0, 2)))
    if item.repair:
        console.print(to_type(console, item.repair.command), soft_wrap=True)


def _closing(result: Reconciliation) -> Text:
    if not result.discrepancies:
        return Text("Nothing to do: every charge is settled or in flight.", "bold green")
    automatic = sum(bool(i.repair and i.repair.automatic) for i in result.discrepancies)
    text = _verdict(result)
    text.append(f" A machine may repair {automatic} of them. ", "default")
    text.append("Evidence for each: --json, or the command shown below it.", "default")
    return text


def _ducats(ducats: Decimal) -> Text:
    return Text(format_ducats(ducats, grouped=True))
