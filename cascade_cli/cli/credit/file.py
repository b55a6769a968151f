"""A CSV of credits: every row is checked before the first is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from cascade_cli.cli.terminal.csv_file import CsvRow, read_rows, refusal
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.shop.keys import PORTION_ID
from cascade_cli.services.delivery.credit_requests import manual_order

COLUMNS = ("citizen", "ducats", "reason", "reference")


@dataclass(frozen=True)
class CreditRow:
    """One line of the file."""

    citizen: str
    ducats: Decimal
    reason: str
    reference: str

    @property
    def payment(self) -> str:
        """The payment that the row delivers, if its reference is a payment's id; else empty."""
        return self.reference if PORTION_ID.fullmatch(self.reference) else ""

    def order(self, facts: Mapping[str, Any]) -> Order:
        """The credit by hand that the row asks for."""
        return manual_order(
            self.citizen, self.ducats, reason=self.reason, reference=self.reference, facts=facts
        )


def read_credit_file(path: Path, warn: Callable[[str], None]) -> tuple[CreditRow, ...]:
    """All rows. `warn` is told what had to be guessed.

    Raises UsageError, which lists the bad lines, if any row cannot be credited.
    """
    rows, problems = read_rows(path, COLUMNS, _row, "Nothing was written.", warn)
    problems += _repeated(rows)
    if problems or not rows:
        hint = f"Columns: {', '.join(COLUMNS)}; every row needs a reference of its own."
        raise refusal(path, "not credited", problems or ["it has no rows"], hint)
    return tuple(rows)


def _row(line: CsvRow) -> CreditRow:
    row = CreditRow(line["citizen"], line.ducats("ducats"), line["reason"], line["reference"])
    row.order({})
    return row


def _repeated(rows: Sequence[CreditRow]) -> Iterator[str]:
    for reference, number in Counter(row.reference for row in rows).items():
        if number > 1:
            yield f"the reference {reference!r} stands in {number} rows"
