"""The options of `cascade reconcile`: what it reads and does, and who is told how it ended. The
code that tells them is in run_end.py, which `schedule` does not need."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from secrets import randbits
from typing import TYPE_CHECKING, Annotated

import typer

from cascade_cli.cli.items.options import CitizenOption, KindOption, LimitOption, selected
from cascade_cli.cli.terminal.options import CASES, OUTPUT, PAYMENTS, REPAIR, TELL, Json
from cascade_cli.errors import UsageError

if TYPE_CHECKING:
    from cascade_cli.adapters.http.ping import DeadManSwitch
    from cascade_cli.domain.history.verification import VerificationSample
    from cascade_cli.domain.reconcile.reconciliation import Selection


@dataclass(frozen=True)
class ReconcileOptions:
    """The options as typed. None means now for `until`, and the setting for `grace`.

    Raises BadParameter for options that exclude each other, and for an unknown kind.
    """

    since: Annotated[
        str,
        PAYMENTS(
            metavar="W", help="From when: 36h, 7d, 2026-11-01, 2026-11-01T08:00:00Z, or last."
        ),
    ] = "7d"
    until: Annotated[
        str | None, PAYMENTS(metavar="W", help="Until when, in the same forms; default now.")
    ] = None
    grace: Annotated[
        str | None,
        PAYMENTS(metavar="D", help="Younger charges count as in flight: 90s, 15m, 48h."),
    ] = None
    verify: Annotated[
        str | None,
        PAYMENTS(metavar="HOW", help="With --since last, check what it remembers: sample or full."),
    ] = None
    everything: Annotated[
        bool, CASES("--all", help="List all, including what is settled or in flight.")
    ] = False
    kinds: KindOption = None
    citizen: CitizenOption = None
    limit: LimitOption = None
    repair: Annotated[bool, REPAIR("--repair", help="Fix what is safe to fix automatically.")] = (
        False
    )
    dry_run: Annotated[
        bool, REPAIR("--dry-run", help="With --repair: show the plan and write nothing.")
    ] = False
    yes: Annotated[bool, REPAIR("--yes", "-y", help="With --repair: do not ask.")] = False
    json: Json = False
    csv: Annotated[bool, OUTPUT("--csv", help="One CSV line per item.")] = False
    # `init=False` keeps it from becoming an option.
    seed: int = field(init=False, default_factory=lambda: randbits(32))
    """Chooses what `--verify sample` reads."""

    def __post_init__(self) -> None:
        if self.json and self.csv:
            raise typer.BadParameter("--json and --csv exclude each other")
        selected(self.kinds, self.citizen, self.limit)
        if (self.dry_run or self.yes) and not self.repair:
            raise typer.BadParameter("--dry-run and --yes go with --repair")

    @property
    def selection(self) -> Selection:
        """Which of the items are shown."""
        return selected(self.kinds, self.citizen, self.limit, everything=self.everything)

    @property
    def repeat_options(self) -> tuple[str, ...]:
        """The options that make another run read the same payments."""
        since = None if self.since == type(self).since else self.since
        named = (("--since", since), ("--until", self.until), ("--grace", self.grace))
        return tuple(word for pair in named if pair[1] is not None for word in pair if word)

    @property
    def check(self) -> VerificationSample | None:
        """What `--verify` asks for."""
        from cascade_cli.domain.history.verification import Depth, VerificationSample

        return VerificationSample(Depth(self.verify), self.seed) if self.verify else None


@dataclass(frozen=True)
class EndOptions:
    """The options that say who is told how a run ended."""

    alert: Annotated[
        bool, TELL("--alert", help="Tell CASCADE_ALERT_URLS of changes and failures.")
    ] = False
    ping: Annotated[
        str | None,
        TELL(metavar="URL", help="Dead man's switch: call it at the end, its /fail on failure."),
    ] = None
    metrics_file: Annotated[
        Path | None,
        TELL(metavar="FILE", help="Write metrics (.prom) for the node exporter."),
    ] = None
    report: Annotated[
        Path | None, TELL(metavar="FILE", help="Write the report as one page for a browser.")
    ] = None

    def switch(self) -> DeadManSwitch | None:
        """The dead man's switch, if there is one. Raises UsageError for an invalid address."""
        from cascade_cli.adapters.http.ping import DeadManSwitch

        return None if self.ping is None else DeadManSwitch(self.ping)

    def metrics(self) -> Path | None:
        """The metrics file as an absolute path.

        Raises UsageError if a run could not write it, or the node exporter would not read it.
        """
        if self.metrics_file is None:
            return None
        path = self.metrics_file.absolute()
        if path.suffix != ".prom":
            raise UsageError(
                f"--metrics-file {str(self.metrics_file)!r} does not end in .prom.",
                "The node exporter reads only files whose names do.",
            )
        check_writable("--metrics-file", path)
        return path

    def page(self) -> Path | None:
        """The report's file as an absolute path. Raises UsageError if a run could not write it."""
        if self.report is None:
            return None
        check_writable("--report", self.report)
        return self.report.absolute()


def check_writable(option: str, path: Path) -> None:
    """Raises UsageError if the file could not be written later on."""
    try:
        flaw = _flaw(path)
    except OSError as error:
        flaw = f"{str(path)!r} cannot be written: {error.strerror}"
    if flaw:
        raise UsageError(
            f"{option}: {flaw}.", "Nothing was read; name a file in a folder that exists."
        )


def _flaw(path: Path) -> str:
    folder = path.resolve().parent
    if not folder.is_dir():
        return f"there is no folder {str(folder)!r}"
    if path.exists() and not path.is_file():
        return f"{str(path)!r} is not an ordinary file"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"you may not write into the folder {str(folder)!r}"
    return ""
