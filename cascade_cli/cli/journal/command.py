"""The `cascade journal …` commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.journal.options import EntryOptions, RestoreOptions
from cascade_cli.cli.terminal.options import (
    ENTRIES,
    OUTPUT,
    Json,
    PlainJson,
    examples,
    options_as_parameters,
)
from cascade_cli.cli.terminal.session import run_command

journal = typer.Typer(no_args_is_help=True)


@journal.command(
    "list",
    epilog=examples(
        "cascade journal list --since 7d",
        "cascade journal list --key cascade_payment_pi_3jnMhaDZb2Cm",
        topic="journal",
    ),
)
@options_as_parameters
def list_(
    ctx: typer.Context,
    *,
    options: EntryOptions,
    limit: Annotated[
        int | None, ENTRIES(min=1, metavar="N", help="Show only the newest N.")
    ] = None,
    json: Json = False,
) -> int:
    """Show who did what when, oldest first."""
    from cascade_cli.cli.journal.run import list_entries

    return run_command(
        ctx.obj, "journal list", lambda s: list_entries(s, options, limit), json=json
    )


@journal.command(
    epilog=examples(
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
    json: PlainJson = False,
) -> int:
    """Recompute the chain of hashes from the first entry on, and every seal of the other rows.

    Exit code 0: nothing was changed or removed. 3: something was. 5: it could not be read.
    """
    from cascade_cli.cli.journal.run import verify as work

    return run_command(ctx.obj, "journal verify", lambda s: work(s, against), json=json)


@journal.command(
    epilog=examples(
        "cascade journal export --output journal.jsonl",
        "cascade journal export --since 30d",
        topic="journal",
    )
)
@options_as_parameters
def export(
    ctx: typer.Context,
    *,
    options: EntryOptions,
    output: Annotated[
        Path | None, OUTPUT(metavar="F", help="Write to this new file, not to stdout.")
    ] = None,
) -> int:
    """Write the entries as JSON lines, oldest first, with their hashes."""
    from cascade_cli.cli.journal.run import export as work

    return run_command(ctx.obj, "journal export", lambda s: work(s, options, output))


@journal.command(
    epilog=examples(
        "cascade journal backup journal-2026-11.sqlite3",
        "cascade journal backup /mnt/backups --keep 30",
        topic="journal",
    )
)
def backup(
    ctx: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="F", help="A new file; or a folder, in which it is named after its time."
        ),
    ],
    keep: Annotated[
        int | None,
        OUTPUT(min=1, metavar="N", help="In a folder: remove all backups but the newest N."),
    ] = None,
    json: Json = False,
) -> int:
    """Copy the whole journal into one verified file, even while other commands write.

    The copy is a SQLite file, even if the journal is in PostgreSQL. It can be restored into either.
    """
    from cascade_cli.cli.journal.backup import back_up

    return run_command(ctx.obj, "journal backup", lambda s: back_up(s, target, keep), json=json)


@journal.command(
    epilog=examples(
        "cascade journal restore journal-2026-11.sqlite3 --dry-run",
        "cascade journal restore journal-2026-11.sqlite3",
        topic="journal",
    )
)
@options_as_parameters
def restore(ctx: typer.Context, *, options: RestoreOptions) -> int:
    """Put a backup in the journal's place, whole or not at all. The replaced journal is kept.

    It never goes back in time without --force. Then it reads the base, and writes down what the
    backup does not know.
    """
    from cascade_cli.cli.journal.restore import restore as work

    return run_command(ctx.obj, "journal restore", lambda s: work(s, options), json=options.json)


@journal.command(
    "catch-up",
    epilog=examples(
        "cascade journal catch-up",
        "cascade journal catch-up --since 7d",
        topic="journal",
    ),
)
def catch_up(
    ctx: typer.Context,
    since: Annotated[
        str | None,
        ENTRIES(metavar="W", help="Look at all rows since then, even if nothing was restored."),
    ] = None,
    json: Json = False,
) -> int:
    """Read the base, and write down what a restored journal has forgotten.

    `journal restore` does this itself. Type it if the restore was interrupted, and for each further
    shop that shares the journal. Until it is done, nothing may be written to the base.
    """
    from cascade_cli.cli.journal.restore import catch_up as work

    return run_command(ctx.obj, "journal catch-up", lambda s: work(s, since), json=json)
