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
        layout.PAYMENTS(
            metavar="W", help="From when: 36h, 7d, 2026-11-01, 2026-11-01T08:00:00Z, or last."
        ),
    ] = "7d",
    until: Annotated[
        str | None, layout.PAYMENTS(metavar="W", help="Until when, in the same forms; default now.")
    ] = None,
    grace: Annotated[
        str | None,
        layout.PAYMENTS(metavar="D", help="Younger charges are in flight: 90s, 15m, 48h."),
    ] = None,
    everything: Annotated[
        bool, layout.CASES("--all", help="List all: what is settled and in flight as well.")
    ] = False,
    kinds: KindOption = None,
    citizen: CitizenOption = None,
    limit: LimitOption = None,
    repair: Annotated[
        bool, layout.REPAIR("--repair", help="Do what a machine may about the discrepancies.")
    ] = False,
    dry_run: Annotated[
        bool, layout.REPAIR("--dry-run", help="With --repair: show the plan and write nothing.")
    ] = False,
    yes: Annotated[bool, layout.REPAIR("--yes", "-y", help="With --repair: do not ask.")] = False,
    verify: Annotated[
        str | None,
        layout.PAYMENTS(metavar="HOW", help="With --since last, prove its memory: sample or full."),
    ] = None,
    json: Annotated[bool, layout.OUTPUT("--json", help="One JSON object on stdout.")] = False,
    csv: Annotated[bool, layout.OUTPUT("--csv", help="One CSV line per item.")] = False,
    alert: Annotated[
        bool, layout.TELL("--alert", help="Tell CASCADE_ALERT_URLS of changes and failures.")
    ] = False,
    ping: Annotated[
        str | None,
        layout.TELL(metavar="URL", help="Dead man's switch: asked at the end, /fail on failure."),
    ] = None,
    metrics_file: Annotated[
        Path | None,
        layout.TELL(metavar="FILE", help="Write metrics (.prom) for the node exporter."),
    ] = None,
    report: Annotated[
        Path | None, layout.TELL(metavar="FILE", help="Write the report as one page for a browser.")
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
