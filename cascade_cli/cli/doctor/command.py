"""The `cascade doctor` command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import OUTPUT, DryRun, Json, Yes, examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade doctor",
    "cascade doctor --json",
    "cascade doctor --bundle report.zip",
    topic="doctor",
)


def doctor(
    ctx: typer.Context,
    bundle: Annotated[
        Path | None,
        OUTPUT(
            metavar="F",
            help="Show what a bug report needs, without names, ids and amounts. Then ask, and "
            "write it to this new .zip file.",
        ),
    ] = None,
    json: Json = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int:
    """Check keys, rights, schema, processor, engine, webhook and journal before anything fails.

    It only reads, and changes nothing anywhere. Only --bundle writes a file. Exit code 4: something
    is red. 0: green or amber, or the bundle was written.
    """
    from cascade_cli.cli.doctor.run import doctor as work

    return run_command(
        ctx.obj,
        "doctor",
        lambda session: work(session, bundle, dry_run=dry_run, yes=yes, json=json),
        json=json,
    )
