"""A CSV of credits: every row is checked before the first is written."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from cascade_cli.domain.orders import Order, parse_ducats
from cascade_cli.errors import UsageError
from cascade_cli.services.credit import manual_order

COLUMNS = ("citizen", "ducats", "reason", "reference")
SHOWN_PROBLEMS = 10


@dataclass(frozen=True)
class CreditRow:
    """One line of the file."""

    citizen: str
    ducats: Decimal
    reason: str
    reference: str

    def order(self, facts: Mapping[str, Any]) -> Order:
        """The credit by hand that the row asks for."""
        return manual_order(
            self.citizen, self.ducats, reason=self.reason, reference=self.reference, facts=facts
        )


def read_credit_file(path: Path) -> tuple[CreditRow, ...]:
    """All rows. Raises UsageError, naming every bad line, if a single one cannot be credited."""
    lines = _lines(path)
    rows: list[CreditRow] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=2):
        try:
            rows.append(_row(line))
        except (ValueError, UsageError) as error:
            problems.append(f"line {number}: {error}")
    problems += _repeated(rows)
    if problems or not rows:
        shown = problems[:SHOWN_PROBLEMS] or ["it has no rows"]
        more = f" (and {len(problems) - len(shown)} more)" if len(problems) > len(shown) else ""
        raise UsageError(
            f"{path} was not credited, not even in part: {'; '.join(shown)}{more}.",
            f"Columns: {', '.join(COLUMNS)}; every row needs a reference of its own.",
        )
    return tuple(rows)


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise UsageError(
                    f"{path} begins with other columns than {', '.join(COLUMNS)}.",
                    "Nothing was written. Put these names into its first line.",
                )
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read: {reason}.", "Nothing was written.") from error


def _row(line: Mapping[str, Any]) -> CreditRow:
    if None in line or None in line.values():
        raise ValueError("it has too many or too few cells")
    row = CreditRow(
        line["citizen"], parse_ducats(line["ducats"]), line["reason"], line["reference"]
    )
    row.order({})
    return row


def _repeated(rows: Sequence[CreditRow]) -> Iterator[str]:
    for reference, number in Counter(row.reference for row in rows).items():
        if number > 1:
            yield f"the reference {reference!r} stands in {number} rows"
