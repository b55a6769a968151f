"""`cascade schedule …`: its commands."""

from __future__ import annotations

import typer

from cascade_cli.cli.schedule.options import NightlyEnd, NightlyOptions
from cascade_cli.cli.terminal.options import examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command

schedule = typer.Typer(no_args_is_help=True)


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
