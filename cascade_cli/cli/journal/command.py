"""The `cascade journal …` commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.journal.options import EntryOptions
from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.options import Json, spread
from cascade_cli.cli.terminal.session import conduct

journal = typer.Typer(
    help="The audit trail: who did what when, and whether anybody tampered with it.",
    no_args_is_help=True,
)


@journal.command(
    "list",
    epilog=layout.examples(
        "cascade journal list --since 7d",
        "cascade journal list --key cascade_payment_pi_3jnMhaDZb2Cm",
        topic="journal",
    ),
)
@spread
def list_(
    ctx: typer.Context,
    *,
    options: EntryOptions,
    limit: Annotated[
        int | None, layout.ENTRIES(min=1, metavar="N", help="Show only the newest N.")
    ] = None,
    json: Json = False,
) -> int:
    """Show who did what when, oldest first."""
    from cascade_cli.cli.journal.run import list_entries

    return conduct(ctx.obj, "journal list", lambda s: list_entries(s, options, limit), json=json)


@journal.command(
    epilog=layout.examples(
        "cascade journal verify",
        "cascade journal verify --against 9f86d0…0a08:1204",
        topic="journal",
    )
)
def verify(
    ctx: typer.Context,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD[:SEQ]",
            help="A head that you kept: prove that nothing was cut off or put back since.",
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Recompute the chain of hashes from the first entry on, and every seal of the other rows.

    Exit code 0: nothing was changed or removed. 3: something was. 5: it could not be read.
    """
    from cascade_cli.cli.journal.run import verify as work

    return conduct(ctx.obj, "journal verify", lambda s: work(s, against), json=json)


@journal.command(
    epilog=layout.examples(
        "cascade journal export --output journal.jsonl",
        "cascade journal export --since 30d",
        topic="journal",
    )
)
@spread
def export(
    ctx: typer.Context,
    *,
    options: EntryOptions,
    output: Annotated[
        Path | None, layout.OUTPUT(metavar="F", help="Write to this new file, not to stdout.")
    ] = None,
) -> int:
    """Write the entries as JSON lines, oldest first, with their hashes."""
    from cascade_cli.cli.journal.run import export as work

    return conduct(ctx.obj, "journal export", lambda s: work(s, options, output))
