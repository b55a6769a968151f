"""The options of `cascade schedule …`: when to run, what to do, and who is told how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cascade_cli.cli.reconcile.options import EndOptions
from cascade_cli.cli.terminal.options import RUN, TELL


@dataclass(frozen=True)
class NightlyEnd(EndOptions):
    """The options of `cascade reconcile`, with help for something that happens every night."""

    ping: Annotated[
        str | None, TELL(metavar="URL", help="Call this dead man's switch each time.")
    ] = None
    metrics_file: Annotated[
        Path | None, TELL(metavar="FILE", help="Write metrics for the node exporter.")
    ] = None
    report: Annotated[
        Path | None, TELL(metavar="FILE", help="Write the report as a page for a browser.")
    ] = None


@dataclass(frozen=True)
class NightlyOptions:
    """The nightly run, as typed."""

    at: Annotated[str, RUN(metavar="HH:MM", help="When, in the machine's own time.")] = "03:30"
    repair: Annotated[
        bool,
        RUN("--repair", help="Also fix what is safe to fix automatically, without asking."),
    ] = False
    backup: Annotated[
        Path | None,
        RUN(metavar="DIR", help="Then back up the journal into this folder; keep 30 backups."),
    ] = None
