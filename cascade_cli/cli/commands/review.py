"""`cascade review`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.session import conduct


def review(
    ctx: typer.Context,
    since: Annotated[
        str,
        typer.Option(metavar="W", help="Cases since when: 36h, 7d, 2026-11-01, or last."),
    ] = "7d",
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="K", help="Only cases of this kind; may be given several times."),
    ] = None,
    citizen: Annotated[
        str | None, typer.Option(metavar="C", help="Only cases that concern this citizen.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the N worst cases.")
    ] = None,
) -> None:
    """Walk through the open cases: decide each with a key, see the plan, confirm once.

    Nothing is carried out before the plan is confirmed. What was decided is kept if you stop, and
    the next review goes on there. Exit code 0: nothing is open. 3: cases remain. 2: no terminal,
    and what would be asked was printed.
    """
    from cascade_cli.cli.review.review import ReviewOptions
    from cascade_cli.cli.review.review import review as work

    options = ReviewOptions(since, tuple(kind or ()), citizen, limit)
    raise typer.Exit(conduct(ctx.obj, "review", lambda s: work(s, options)))
