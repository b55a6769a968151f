"""`cascade schedule …`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

schedule = typer.Typer(
    help="Print what runs the nightly reconciliation; install nothing.", no_args_is_help=True
)

_At = Annotated[str, layout.RUN(metavar="HH:MM", help="When, in the machine's own time.")]
_Repair = Annotated[
    bool, layout.RUN("--repair", help="Also repair what a machine may, without asking.")
]
_Alert = Annotated[
    bool, layout.TELL("--alert", help="Tell CASCADE_ALERT_URLS of changes and failures.")
]
_Ping = Annotated[
    str | None, layout.TELL("--ping", metavar="URL", help="Ask this dead man's switch each time.")
]
_Metrics = Annotated[
    Path | None,
    layout.TELL("--metrics-file", metavar="FILE", help="Write metrics for the node exporter."),
]
_Report = Annotated[
    Path | None,
    layout.TELL("--report", metavar="FILE", help="Write the report as a page for a browser."),
]


@schedule.command(
    epilog=layout.examples(
        "cascade schedule cron --alert",
        "cascade schedule cron --repair --ping https://hc-ping.com/your-uuid",
        topic="nightly",
    )
)
def cron(
    ctx: typer.Context,
    at: _At = "03:30",
    repair: _Repair = False,
    alert: _Alert = False,
    ping: _Ping = None,
    metrics_file: _Metrics = None,
    report: _Report = None,
) -> None:
    """A line for `crontab -e`."""
    from cascade_cli.cli.reconcile.end_options import EndOptions
    from cascade_cli.cli.schedule.run import Nightly
    from cascade_cli.cli.schedule.run import cron as work

    nightly = Nightly(at, repair, EndOptions(alert, ping, metrics_file, report))
    raise typer.Exit(conduct(ctx.obj, "schedule cron", lambda s: work(s, nightly)))


@schedule.command(
    epilog=layout.examples(
        "cascade schedule systemd --alert",
        "cascade --env-file /etc/cascade.env schedule systemd --repair",
        topic="nightly",
    )
)
def systemd(
    ctx: typer.Context,
    at: _At = "03:30",
    repair: _Repair = False,
    alert: _Alert = False,
    ping: _Ping = None,
    metrics_file: _Metrics = None,
    report: _Report = None,
) -> None:
    """A hardened service and a timer that makes up for a night the machine slept."""
    from cascade_cli.cli.reconcile.end_options import EndOptions
    from cascade_cli.cli.schedule.run import Nightly
    from cascade_cli.cli.schedule.run import systemd as work

    nightly = Nightly(at, repair, EndOptions(alert, ping, metrics_file, report))
    raise typer.Exit(conduct(ctx.obj, "schedule systemd", lambda s: work(s, nightly)))
