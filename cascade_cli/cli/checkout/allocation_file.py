"""A CSV of citizens for whom one payment is: every row is checked before anything is sold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cascade_cli.cli.terminal.csv_file import CsvRow, read_rows, refusal
from cascade_cli.domain.records.orders import for_sale
from cascade_cli.domain.selling.allocation import Allocation, Share, flaws

COLUMNS = ("citizen", "ducats")


def read_allocation_file(path: Path, warn: Callable[[str], None]) -> Allocation:
    """All rows, in their order; `warn` hears what was guessed. Raises UsageError, naming every bad
    line, if a single one is."""
    shares, problems = read_rows(path, COLUMNS, _share, "Nothing was sold.", warn)
    problems += () if problems and not shares else flaws(shares)
    if problems:
        hint = f"Columns: {', '.join(COLUMNS)}; one row for each citizen."
        raise refusal(path, "not sold", problems, hint)
    return Allocation(tuple(shares))


def _share(line: CsvRow) -> Share:
    return Share(line["citizen"], for_sale(line.ducats("ducats")))
