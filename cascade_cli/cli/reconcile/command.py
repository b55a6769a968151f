"""`cascade reconcile`: its help, and what it calls."""

from __future__ import annotations

import typer

from cascade_cli.cli.reconcile.options import EndOptions, ReconcileOptions
from cascade_cli.cli.terminal.options import examples, options_as_parameters

EXAMPLES = examples(
    "cascade reconcile --since 7d",
    "cascade reconcile --since last --verify sample",
    "cascade reconcile --since 7d --repair --dry-run",
    topic="report",
)


@options_as_parameters
def reconcile(ctx: typer.Context, *, options: ReconcileOptions, end: EndOptions) -> int:
    """Compare every paid charge with the transfer it should have caused.

    On a terminal it prints one screen: the verdict, the five worst cases, what to do next. --all,
    --kind, --citizen and --limit list the cases, through your pager; in a pipe every discrepancy is
    listed.

    Exit code 0: all is settled or in flight. 3: discrepancies remain. 5: not everything could be
    read, so nothing was judged.
    """
    from cascade_cli.cli.reconcile.run_end import run_and_report

    if options.repair:
        from cascade_cli.cli.reconcile.repair import repair as work
    else:
        from cascade_cli.cli.reconcile.run import reconcile as work
    return run_and_report(ctx.obj, end, lambda s: work(s, options), json=options.json)
