"""What a row of the table is made of, and where all rows are found."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

import tests.benchmarks


@dataclass(frozen=True)
class Line:
    """One measured thing: `median` with its unit, `ratio` and `target` as people read them.

    `met` is None for a line that is there to be read and has no target.
    """

    what: str
    median: str
    ratio: str = ""
    target: str = ""
    met: bool | None = None


class NotInstalledError(Exception):
    """A row needs a package that is not installed; the text says what to install."""


Row = Callable[[int], Iterator[Line]]
"""Measures with so many runs, and yields its lines as they are known."""


def all_rows() -> dict[str, Row]:
    """Each row of each module of this package, by name."""
    found: dict[str, Row] = {}
    for module in pkgutil.iter_modules(tests.benchmarks.__path__):
        if module.name != "__main__":
            found |= getattr(import_module(f"tests.benchmarks.{module.name}"), "ROWS", {})
    return found
