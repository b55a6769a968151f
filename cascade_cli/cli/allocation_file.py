"""A CSV of citizens for whom one payment is: every row is checked before anything is sold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cascade_cli.cli.csv_file import read_rows, refusal
from cascade_cli.domain.allocation import Allocation, Share, flaws
from cascade_cli.domain.orders import parse_sale

COLUMNS = ("citizen", "ducats")


def read_allocation_file(path: Path) -> Allocation:
    """All rows, in their order. Raises UsageError, naming every bad line, if a single one is."""
    shares, problems = read_rows(path, COLUMNS, _share, "Nothing was sold.")
    problems += () if problems and not shares else flaws(shares)
    if problems:
        hint = f"Columns: {', '.join(COLUMNS)}; one row for each citizen."
        raise refusal(path, "not sold", problems, hint)
    return Allocation(tuple(shares))


def _share(line: Mapping[str, str]) -> Share:
    return Share(line["citizen"], parse_sale(line["ducats"]))
