"""The table as it is printed: Markdown, so that it can be pasted where it is quoted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.benchmarks.rows import Line

_HEAD = ("row", "what", "median", "ratio", "target", "met?")
_VERDICTS = {True: "yes", False: "**no**", None: ""}


def head() -> Iterator[str]:
    """The two lines above the first row."""
    yield _joined(_HEAD)
    yield _joined("---" for _ in _HEAD)


def line_of(row: str, line: Line) -> str:
    """One line of the table."""
    return _joined((row, line.what, line.median, line.ratio, line.target, _VERDICTS[line.met]))


def _joined(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
