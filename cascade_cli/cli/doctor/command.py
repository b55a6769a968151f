"""The `cascade doctor` command and its options."""

from __future__ import annotations

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.options import PlainJson
from cascade_cli.cli.terminal.session import conduct

EXAMPLES = layout.examples(
    "cascade doctor", "cascade -v doctor", "cascade doctor --json", topic="doctor"
)


def doctor(
    ctx: typer.Context,
    json: PlainJson = False,
) -> int:
    """Check keys, rights, schema, processor, engine, webhook and journal before anything fails.

    It only reads, and changes nothing anywhere. Exit code 4: something is red. 0: green or amber.
    """
    from cascade_cli.cli.doctor.run import doctor as work

    return conduct(ctx.obj, "doctor", work, json=json)
