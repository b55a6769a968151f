"""Measures, and prints one table: what, how long, against what, and whether the target is met."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from typing import TextIO

from tests.benchmarks.machine import machine
from tests.benchmarks.rows import NotInstalledError, Row, all_rows
from tests.benchmarks.table import head, line_of

_FEWEST_RUNS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every target that was measured is met, else 1."""
    rows = all_rows()
    options = _parser(rows).parse_args(arguments)
    for line in head():
        _say(line)
    chosen = {name: rows[name] for name in options.rows or rows}
    is_met = [_measure(name, row, options.runs) for name, row in chosen.items()]
    _say(f"\nMedians of {options.runs} runs.")
    for line in machine():
        _say(line)
    return 0 if all(is_met) else 1


def _measure(name: str, row: Row, runs: int) -> bool:
    met = True
    try:
        for line in row(runs):
            _say(line_of(name, line))
            met = met and line.met is not False
    except NotInstalledError as missing:
        _say(f"{name}: {missing}", sys.stderr)
        return False
    return met


def _parser(rows: Collection[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    # Not `choices`: argparse refuses an empty list of them.
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", type=_known(rows), help=f"of {', '.join(rows)}"
    )
    parser.add_argument("--runs", type=_runs, default=_FEWEST_RUNS, help="of each (default: 5)")
    return parser


def _known(rows: Collection[str]) -> Callable[[str], str]:
    def row(text: str) -> str:
        if text not in rows:
            raise argparse.ArgumentTypeError(f"there is none called {text!r}")
        return text

    return row


def _runs(text: str) -> int:
    runs = int(text)
    if runs < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return runs


def _say(line: str, stream: TextIO | None = None) -> None:
    print(line, file=stream or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
