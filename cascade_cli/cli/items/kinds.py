"""The kinds on screens: their colours, their meanings, and how many discrepancies each has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from cascade_cli.domain.discrepancies.kinds import Kind, Severity
from cascade_cli.domain.reconcile.overview import KindCount
from cascade_cli.domain.shop.money import rounded

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "yellow",
    Severity.MEDIUM: "cyan",
    Severity.NONE: "green",
}

MEANINGS = {
    Kind.DUPLICATE: "executed more than once, or may still be",
    Kind.DOUBTFUL: "the ducats may or may not have moved: a person decides",
    Kind.WRONG_CITIZEN: "went, or will go, to somebody else",
    Kind.AMOUNT_MISMATCH: "went out, or will, with another amount",
    Kind.ORPHAN: "a transfer with neither a payment nor a reason",
    Kind.UNATTRIBUTABLE: "does not say who gets the ducats, or how many",
    Kind.UNKNOWN_CITIZEN: "names a citizen who does not exist",
    Kind.DISPUTED: "delivered, and the payer contests the payment",
    Kind.REFUNDED: "delivered, and money went back",
    Kind.MISSING: "paid, but no stratagem was made",
    Kind.FAILED: "the engine gave up before ducats moved",
    Kind.STALLED: "expired, cancelled or only planned: the engine skips it",
    Kind.UNDERPAID: "cost less than its ducats are worth",
    Kind.IN_FLIGHT: "paid recently, or waiting for the engine's next run",
    Kind.SETTLED: "delivered once as sold, or refunded before delivery",
}

# The same for a single case.
SENTENCES = {
    Kind.DUPLICATE: "Its ducats went out more than once, or still may.",
    Kind.DOUBTFUL: "Its ducats may or may not have moved: find out before anything else.",
    Kind.WRONG_CITIZEN: "Its ducats went, or will go, to the wrong citizen.",
    Kind.AMOUNT_MISMATCH: "More or fewer ducats went out, or will, than were sold.",
    Kind.ORPHAN: "Ducats were sent, and nobody is known to have paid for them.",
    Kind.UNATTRIBUTABLE: "The payment does not say who gets the ducats, or how many.",
    Kind.UNKNOWN_CITIZEN: "Venice has no citizen of the name in the payment.",
    Kind.DISPUTED: "The payer contests the payment with the bank.",
    Kind.REFUNDED: "The payer got money back, but the ducats did not come back.",
    Kind.MISSING: "It was paid, but no transfer was made.",
    Kind.FAILED: "The engine gave up before any ducats moved.",
    Kind.STALLED: "Its transfer expired or was cancelled, so the engine will skip it.",
    Kind.UNDERPAID: "Less was paid than the ducats cost.",
}

# The widths from which two columns of kinds fit, without and with "at risk" after each amount.
NARROW, WIDE = 58, 76


def kinds_table(found: Sequence[KindCount], width: int) -> Table:
    """Number and ducats at risk of each kind, in columns that are read downwards."""
    columns = 1 if width < NARROW else 2
    at_risk = " at risk" if width >= WIDE else ""
    table = Table.grid(padding=(0, 1 if width < WIDE else 2))
    rows = -(-len(found) // columns)
    for _ in range(columns):
        table.add_column(min_width=15)
        table.add_column(justify="right", min_width=3)
        table.add_column(justify="right")
    for row in range(rows):
        line = found[row::rows]
        table.add_row(*(cell for kind_count in line for cell in _cells(kind_count, at_risk)))
    return table


def _cells(kind_count: KindCount, at_risk: str) -> tuple[Text, Text, Text]:
    ducats = Text(rounded(kind_count.at_risk)).append(at_risk, "dim")
    return kind_name(kind_count.kind), Text(f"{kind_count.number:,}"), ducats


def kinds_explained(counts: Mapping[Kind, int]) -> Table:
    """Every kind that was found, with its meaning."""
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left"):
        table.add_column(justify=justify)
    for kind in Kind:
        if number := counts.get(kind, 0):
            table.add_row(kind_name(kind), f"{number:,}", Text(MEANINGS[kind], "dim"))
    return table


def kind_name(kind: Kind, severity: Severity | None = None) -> Text:
    """The kind in the colour of its severity, or of the given one, which is a single item's."""
    return Text(kind.words, STYLES[severity or kind.severity])
