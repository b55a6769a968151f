"""A CSV of citizens for whom one payment is: every row is checked before anything is sold."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cascade_cli.domain.allocation import Allocation, Share, flaws
from cascade_cli.domain.orders import parse_ducats
from cascade_cli.errors import UsageError

COLUMNS = ("citizen", "ducats")
SHOWN_PROBLEMS = 10


def read_allocation_file(path: Path) -> Allocation:
    """All rows, in their order. Raises UsageError, naming every bad line, if a single one is."""
    shares: list[Share] = []
    problems: list[str] = []
    for number, line in enumerate(_lines(path), start=2):
        try:
            shares.append(_share(line))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    problems += () if problems and not shares else flaws(shares)
    if problems:
        shown = problems[:SHOWN_PROBLEMS]
        more = f" (and {len(problems) - len(shown)} more)" if len(problems) > len(shown) else ""
        raise UsageError(
            f"{path} was not sold, not even in part: {'; '.join(shown)}{more}.",
            f"Columns: {', '.join(COLUMNS)}; one row for each citizen.",
        )
    return Allocation(tuple(shares))


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise UsageError(
                    f"{path} begins with other columns than {', '.join(COLUMNS)}.",
                    "Nothing was sold. Put these names into its first line.",
                )
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read: {reason}.", "Nothing was sold.") from error


def _share(line: Mapping[str, Any]) -> Share:
    if None in line or None in line.values():
        raise ValueError("it has too many or too few cells")
    return Share(line["citizen"], parse_ducats(line["ducats"]))
