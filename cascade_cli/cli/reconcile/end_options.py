"""Who is told how a run ended, and where it is written, as typed. The telling itself is in
run_end.py, which `schedule` does not need."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cascade_cli.adapters.http.ping import DeadManSwitch
from cascade_cli.errors import UsageError


@dataclass(frozen=True)
class EndOptions:
    """The options of `cascade reconcile` for its end."""

    alert: bool = False
    ping: str | None = None
    metrics_file: Path | None = None
    report: Path | None = None

    def switch(self) -> DeadManSwitch | None:
        """The dead man's switch, if there is one. Raises UsageError for what is no address."""
        return None if self.ping is None else DeadManSwitch(self.ping)

    def metrics(self) -> Path | None:
        """The metrics file from wherever the run is started.

        Raises UsageError where a run could not write, or the node exporter would not read.
        """
        if self.metrics_file is None:
            return None
        path = self.metrics_file.absolute()
        if path.suffix != ".prom":
            raise UsageError(
                f"--metrics-file {str(self.metrics_file)!r} does not end in .prom.",
                "The node exporter reads no other file of its folder.",
            )
        check_place("--metrics-file", path)
        return path

    def page(self) -> Path | None:
        """The report's file from wherever the run is started. Raises UsageError as `metrics`."""
        if self.report is None:
            return None
        check_place("--report", self.report)
        return self.report.absolute()


def check_place(option: str, path: Path) -> None:
    """Raises UsageError where no file could be written later on."""
    try:
        flaw = _flaw(path)
    except OSError as error:
        flaw = f"{str(path)!r} cannot be written: {error.strerror}"
    if flaw:
        raise UsageError(
            f"{option}: {flaw}.", "Nothing was read; name a file in a folder that is there."
        )


def _flaw(path: Path) -> str:
    folder = path.resolve().parent
    if not folder.is_dir():
        return f"there is no folder {str(folder)!r}"
    if path.exists() and not path.is_file():
        return f"{str(path)!r} is no ordinary file"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"you may not write into the folder {str(folder)!r}"
    return ""
