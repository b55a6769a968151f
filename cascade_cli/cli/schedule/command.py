"""`cascade schedule …`: its options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.reconcile.options import EndOptions
from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.options import spread
from cascade_cli.cli.terminal.session import conduct

schedule = typer.Typer(
    help="Print a cron line or systemd units for the nightly reconciliation; install nothing.",
    no_args_is_help=True,
)

_At = Annotated[str, layout.RUN(metavar="HH:MM", help="When, in the machine's own time.")]
_Repair = Annotated[
    bool, layout.RUN("--repair", help="Also fix what is safe to fix automatically, without asking.")
]
_Backup = Annotated[
    Path | None,
    layout.RUN(metavar="DIR", help="Then back up the journal into this folder; keep 30 backups."),
]


@dataclass(frozen=True)
class NightlyEnd(EndOptions):
    """The options of `cascade reconcile`, with help for something that happens every night."""

    ping: Annotated[
        str | None, layout.TELL(metavar="URL", help="Call this dead man's switch each time.")
    ] = None
    metrics_file: Annotated[
        Path | None, layout.TELL(metavar="FILE", help="Write metrics for the node exporter.")
    ] = None
    report: Annotated[
        Path | None, layout.TELL(metavar="FILE", help="Write the report as a page for a browser.")
    ] = None


@schedule.command(
    epilog=layout.examples(
        "cascade schedule cron --alert",
        "cascade schedule cron --repair --ping https://hc-ping.com/your-uuid",
        "cascade schedule cron --alert --backup /mnt/backups",
        topic="nightly",
    )
)
@spread
def cron(
    ctx: typer.Context,
    *,
    at: _At = "03:30",
    repair: _Repair = False,
    backup: _Backup = None,
    end: NightlyEnd,
) -> int:
    """Print a line for `crontab -e`."""
    from cascade_cli.cli.schedule.run import Nightly
    from cascade_cli.cli.schedule.run import cron as work

    nightly = Nightly(at, repair, end, backup)
    return conduct(ctx.obj, "schedule cron", lambda s: work(s, nightly))


@schedule.command(
    epilog=layout.examples(
        "cascade schedule systemd --alert",
        "cascade --env-file /etc/cascade.env schedule systemd --repair",
        topic="nightly",
    )
)
@spread
def systemd(
    ctx: typer.Context,
    *,
    at: _At = "03:30",
    repair: _Repair = False,
    backup: _Backup = None,
    end: NightlyEnd,
) -> int:
    """Print a hardened service, and a timer that makes up for a night that the machine slept."""
    from cascade_cli.cli.schedule.run import Nightly
    from cascade_cli.cli.schedule.run import systemd as work

    nightly = Nightly(at, repair, end, backup)
    return conduct(ctx.obj, "schedule systemd", lambda s: work(s, nightly))
