"""A CSV that people keep: each of its rows, and what is wrong with it line by line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cascade_cli.errors import UsageError

SHOWN_PROBLEMS = 10

T = TypeVar("T")


def read_rows(
    path: Path, columns: Sequence[str], parse: Callable[[Mapping[str, str]], T], untouched: str
) -> tuple[list[T], list[str]]:
    """What `parse` makes of the rows, in their order, and what it raises (ValueError, UsageError)
    with the number of the line.

    Raises UsageError, with `untouched`, if the file cannot be read or has other columns.
    """
    rows: list[T] = []
    problems: list[str] = []
    for number, line in enumerate(_lines(path, columns, untouched), start=2):
        try:
            rows.append(parse(_whole(line)))
        except (ValueError, UsageError) as error:
            problems.append(f"line {number}: {error}")
    return rows, problems


def _whole(line: dict[Any, Any]) -> Mapping[str, str]:
    if None in line or None in line.values():
        raise ValueError("it has too many or too few cells")
    return line


def refusal(path: Path, what: str, problems: Sequence[str], hint: str) -> UsageError:
    """That not even a part of the file was done, and why: the first problems."""
    shown = problems[:SHOWN_PROBLEMS]
    more = f" (and {len(problems) - len(shown)} more)" if len(problems) > len(shown) else ""
    return UsageError(f"{path} was {what}, not even in part: {'; '.join(shown)}{more}.", hint)


def _lines(path: Path, columns: Sequence[str], untouched: str) -> list[dict[Any, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != tuple(columns):
                raise UsageError(
                    f"{path} begins with other columns than {', '.join(columns)}.",
                    f"{untouched} Put these names into its first line.",
                )
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read: {reason}.", untouched) from error
