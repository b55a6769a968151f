"""Metrics as a file for the node exporter's textfile collector, in Prometheus' text format.

prometheus.io/docs/instrumenting/exposition_formats describes the format. prometheus-client writes
it too, but only the server needs that package, and the part that is needed here is small.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from cascade_cli.adapters.files import replace_file

Value = int | float | Decimal
_NAME = re.compile(r"(?:# (?:HELP|TYPE) )?([a-z_]+)")


@dataclass(frozen=True)
class Gauge:
    """One metric. `samples` has its number for each value of `label`.

    Without a label there is a single number, under "".
    """

    name: str
    meaning: str
    samples: Mapping[str, Value]
    label: str = ""

    def lines(self) -> Iterable[str]:
        """The metric in Prometheus' text format."""
        yield f"# HELP {self.name} {_escaped(self.meaning)}"
        yield f"# TYPE {self.name} gauge"
        for value, number in self.samples.items():
            labels = f'{{{self.label}="{_quoted(value)}"}}' if self.label else ""
            yield f"{self.name}{labels} {_number(number)}"


def write(path: Path, gauges: Iterable[Gauge], kept: Iterable[str] = ()) -> None:
    """Replace the file in one step: a reader finds the whole old file or the whole new one.

    `kept` are lines of the old file that are still true; they stay. Raises OSError.
    """
    lines = [line for gauge in gauges for line in gauge.lines()]
    replace_file(path, "".join(f"{line}\n" for line in [*lines, *kept]))


def lines_of(path: Path, names: Collection[str]) -> list[str]:
    """The file's lines about the metrics with these names; none if there is no file yet."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if _name(line) in names]


def _name(line: str) -> str:
    match = _NAME.match(line)
    return match[1] if match else ""


def _number(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)


# In a help text only these two are escaped; in the value of a label, the quote is as well.
def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
