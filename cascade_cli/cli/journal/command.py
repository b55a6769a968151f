"""The `cascade journal …` commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

journal = typer.Typer(
    help="The audit trail: who did what when, and whether it was touched.", no_args_is_help=True
)

_Since = Annotated[str | None, layout.ENTRIES(metavar="W", help="From when: 36h, 7d, 2026-11-01.")]
_Until = Annotated[str | None, layout.ENTRIES(metavar="W", help="Until when, in the same forms.")]
_Key = Annotated[
    str | None, layout.ENTRIES(metavar="K", help="Only the entries of this StratagemId.")
]
_Json = Annotated[bool, layout.OUTPUT("--json", help="One JSON object on stdout.")]


@journal.command(
    "list",
    epilog=layout.examples(
        "cascade journal list --since 7d",
        "cascade journal list --key cascade_payment_pi_3jnMhaDZb2Cm",
        topic="journal",
    ),
)
def list_(
    ctx: typer.Context,
    since: _Since = None,
    until: _Until = None,
    key: _Key = None,
    limit: Annotated[
        int | None, layout.ENTRIES(min=1, metavar="N", help="Show only the newest N.")
    ] = None,
    json: _Json = False,
) -> None:
    """Who did what when, oldest first."""
    from cascade_cli.cli.journal.run import EntryOptions, list_entries

    options = EntryOptions(since, until, key, limit)
    code = conduct(ctx.obj, "journal list", lambda s: list_entries(s, options), json=json)
    raise typer.Exit(code)


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
    json: _Json = False,
) -> None:
    """Recompute the chain of hashes from the first entry on, and every seal of the other rows.

    Exit code 0: nothing was changed or removed. 3: something was. 5: it could not be read.
    """
    from cascade_cli.cli.journal.run import verify as work

    raise typer.Exit(conduct(ctx.obj, "journal verify", lambda s: work(s, against), json=json))


@journal.command(
    epilog=layout.examples(
        "cascade journal export --output journal.jsonl",
        "cascade journal export --since 30d",
        topic="journal",
    )
)
def export(
    ctx: typer.Context,
    since: _Since = None,
    until: _Until = None,
    key: _Key = None,
    output: Annotated[
        Path | None, layout.OUTPUT(metavar="F", help="Write to this new file, not to stdout.")
    ] = None,
) -> None:
    """Entries as JSON lines, oldest first, with their hashes."""
    from cascade_cli.cli.journal.run import EntryOptions
    from cascade_cli.cli.journal.run import export as work

    options = EntryOptions(since, until, key, None)
    code = conduct(ctx.obj, "journal export", lambda s: work(s, options, output))
    raise typer.Exit(code)
