"""`cascade status`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.items.options import CitizenOption, KindOption, LimitOption, selected
from cascade_cli.cli.terminal.options import CASES, WATCH, Json, examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade status",
    "cascade status --watch --every 1m",
    "cascade status --kind missing --limit 5",
    topic="status",
)


def status(
    ctx: typer.Context,
    since: Annotated[
        str, CASES(metavar="W", help="Cases since when: last, 36h, 7d, 2026-11-01, ….")
    ] = "last",
    kinds: KindOption = None,
    citizen: CitizenOption = None,
    limit: LimitOption = None,
    watch: Annotated[
        bool, WATCH("--watch", help="Stay open, and read again until Ctrl-C.")
    ] = False,
    every: Annotated[
        str | None, WATCH(metavar="D", help="With --watch: how often; default 5m.")
    ] = None,
    json: Json = False,
) -> int:
    """Show everything on one screen: processor, payments on their way, discrepancies, limits, runs.

    --kind, --citizen and --limit list cases in place of the kinds; the verdict still counts all of
    them. It only reads. Exit code 0: all is settled or in flight. 3: discrepancies remain. 4 or 5:
    a part could not be read, the rest is shown.
    """
    if json and watch:
        raise typer.BadParameter("--json and --watch exclude each other")
    if every and not watch:
        raise typer.BadParameter("--every goes with --watch")
    selection = selected(kinds, citizen, limit)
    if watch:
        from cascade_cli.cli.status.run import watch as stay

        return run_command(ctx.obj, "status", lambda s: stay(s, since, every, selection))
    from cascade_cli.cli.status.run import status as work

    return run_command(ctx.obj, "status", lambda s: work(s, since, selection), json=json)
