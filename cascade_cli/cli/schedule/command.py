"""The `cascade schedule …` commands and their options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.reconcile.command import EndOptions
from cascade_cli.cli.terminal.options import RUN, TELL, examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command


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


schedule = typer.Typer(
    help="Print a cron line or systemd units for the nightly reconciliation; install nothing.",
    no_args_is_help=True,
)


@schedule.command(
    epilog=examples(
        "cascade schedule cron --alert",
        "cascade schedule cron --repair --ping https://hc-ping.com/your-uuid",
        "cascade schedule cron --alert --backup /mnt/backups",
        topic="nightly",
    )
)
@options_as_parameters
def cron(ctx: typer.Context, *, options: NightlyOptions, end: NightlyEnd) -> int:
    """Print a line for `crontab -e`."""
    from cascade_cli.cli.schedule.run import Nightly
    from cascade_cli.cli.schedule.run import cron as work

    nightly = Nightly(options, end)
    return run_command(ctx.obj, "schedule cron", lambda s: work(s, nightly))


@schedule.command(
    epilog=examples(
        "cascade schedule systemd --alert",
        "cascade --env-file /etc/cascade.env schedule systemd --repair",
        topic="nightly",
    )
)
@options_as_parameters
def systemd(ctx: typer.Context, *, options: NightlyOptions, end: NightlyEnd) -> int:
    """Print a hardened service, and a timer that makes up for a night that the machine slept."""
    from cascade_cli.cli.schedule.run import Nightly
    from cascade_cli.cli.schedule.run import systemd as work

    nightly = Nightly(options, end)
    return run_command(ctx.obj, "schedule systemd", lambda s: work(s, nightly))
