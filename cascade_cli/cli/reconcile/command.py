"""`cascade reconcile`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.items.filter_options import CitizenOption, KindOption, LimitOption, selected
from cascade_cli.cli.terminal import layout

EXAMPLES = layout.examples(
    "cascade reconcile --since 7d",
    "cascade reconcile --since last --verify sample",
    "cascade reconcile --since 7d --repair --dry-run",
    topic="report",
)


def reconcile(
    ctx: typer.Context,
    since: Annotated[
        str,
        typer.Option(
            metavar="W",
            help="From when: 36h, 7d, 2026-11-01, 2026-11-01T08:00:00Z, or last.",
            rich_help_panel=layout.PAYMENTS,
        ),
    ] = "7d",
    until: Annotated[
        str | None,
        typer.Option(
            metavar="W",
            help="Until when, in the same forms; default now.",
            rich_help_panel=layout.PAYMENTS,
        ),
    ] = None,
    grace: Annotated[
        str | None,
        typer.Option(
            metavar="D",
            help="Younger charges are in flight: 90s, 15m, 48h.",
            rich_help_panel=layout.PAYMENTS,
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="List all: what is settled and in flight as well.",
            rich_help_panel=layout.CASES,
        ),
    ] = False,
    kinds: KindOption = None,
    citizen: CitizenOption = None,
    limit: LimitOption = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Do what a machine may about the discrepancies.",
            rich_help_panel=layout.REPAIR,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="With --repair: show the plan and write nothing.",
            rich_help_panel=layout.REPAIR,
        ),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="With --repair: do not ask.", rich_help_panel=layout.REPAIR
        ),
    ] = False,
    verify: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="With --since last, prove its memory: sample or full.",
            rich_help_panel=layout.PAYMENTS,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object on stdout.", rich_help_panel=layout.OUTPUT),
    ] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="One CSV line per item.", rich_help_panel=layout.OUTPUT)
    ] = False,
    alert: Annotated[
        bool,
        typer.Option(
            "--alert",
            help="Tell CASCADE_ALERT_URLS of changes and failures.",
            rich_help_panel=layout.TELL,
        ),
    ] = False,
    ping: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Dead man's switch: asked at the end, /fail on failure.",
            rich_help_panel=layout.TELL,
        ),
    ] = None,
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write metrics (.prom) for the node exporter.",
            rich_help_panel=layout.TELL,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the report as one page for a browser.",
            rich_help_panel=layout.TELL,
        ),
    ] = None,
) -> None:
    """Every paid charge against the transfer it should have caused.

    On a terminal one screen: the verdict, the five worst, what to do next. --all, --kind, --citizen
    and --limit list the cases, through your pager; in a pipe every discrepancy is listed.

    Exit code 0: all is settled or in flight. 3: discrepancies remain. 5: not all could be read,
    and nothing was judged.
    """
    from cascade_cli.cli.reconcile.end_options import EndOptions
    from cascade_cli.cli.reconcile.run import ReconcileOptions
    from cascade_cli.cli.reconcile.run import reconcile as work
    from cascade_cli.cli.reconcile.run_end import conduct_run

    if json and csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    selection = selected(kinds, citizen, limit, everything=everything)
    options = ReconcileOptions(since, until, grace, selection, csv, verify)
    end = EndOptions(alert, ping, metrics_file, report)
    if (dry_run or yes) and not repair:
        raise typer.BadParameter("--dry-run and --yes go with --repair")
    if repair:
        from cascade_cli.cli.reconcile.repair import RepairOptions
        from cascade_cli.cli.reconcile.repair import repair as mend

        how = RepairOptions(dry_run, yes)
        code = conduct_run(ctx.obj, end, lambda s: mend(s, options, how), json=json)
    else:
        code = conduct_run(ctx.obj, end, lambda s: work(s, options), json=json)
    raise typer.Exit(code)
