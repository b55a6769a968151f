"""Metrics as a file for the node exporter's textfile collector, in Prometheus' text format.

The format is that of prometheus.io/docs/instrumenting/exposition_formats; prometheus-client
writes it as well, but belongs to the server, and this is all of it that is needed.
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
    """One metric: its samples by the value of `label`, or a single one under "" without it."""

    name: str
    meaning: str
    samples: Mapping[str, Value]
    label: str = ""

    def lines(self) -> Iterable[str]:
        """As Prometheus reads it."""
        yield f"# HELP {self.name} {_escaped(self.meaning)}"
        yield f"# TYPE {self.name} gauge"
        for value, number in self.samples.items():
            labels = f'{{{self.label}="{_quoted(value)}"}}' if self.label else ""
            yield f"{self.name}{labels} {_number(number)}"


def write(path: Path, gauges: Iterable[Gauge], kept: Iterable[str] = ()) -> None:
    """Replace the file in one step: whoever reads it finds the old one or the new, whole.

    `kept` are lines of the old file that still hold. Raises OSError.
    """
    lines = [line for gauge in gauges for line in gauge.lines()]
    replace_file(path, "".join(f"{line}\n" for line in [*lines, *kept]))


def lines_of(path: Path, names: Collection[str]) -> list[str]:
    """The lines about the metrics of these names; none where there is no file yet."""
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


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
