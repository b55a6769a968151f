"""`cascade review`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.items.options import CitizenOption, KindOption, LimitOption, selected
from cascade_cli.cli.terminal.options import CASES, examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade review",
    "cascade review --since last --kind doubtful",
    "cascade review --since 30d --limit 10",
    topic="decisions",
)


def review(
    ctx: typer.Context,
    since: Annotated[
        str, CASES(metavar="W", help="Cases since when: 36h, 7d, 2026-11-01, or last.")
    ] = "7d",
    kinds: KindOption = None,
    citizen: CitizenOption = None,
    limit: LimitOption = None,
) -> int:
    """Walk through the open cases: decide each with a key, see the plan, confirm once.

    The marked key does what `reconcile` prints. Nothing is carried out before the plan is
    confirmed. If you stop, your decisions are kept, and the next review continues from there. Exit
    code 0: nothing is open. 3: cases remain. 2: there is no terminal; what would be asked was
    printed.
    """
    from cascade_cli.cli.review.run import review as work

    selection = selected(kinds, citizen, limit)
    return run_command(ctx.obj, "review", lambda s: work(s, since, selection))
