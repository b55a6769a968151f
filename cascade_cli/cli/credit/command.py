"""`cascade credit`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

EXAMPLES = layout.examples(
    'cascade credit --payment pi_3jnMhaDZb2Cm --reason "paid, not delivered"',
    'cascade credit NLR 100 --reason "regatta prize" --reference regatta-2026',
    "cascade credit --file prizes.csv --dry-run",
    topic="credit",
)


def credit(
    ctx: typer.Context,
    citizen: Annotated[
        str | None, typer.Argument(show_default=False, help="Exactly as Venice spells it.")
    ] = None,
    ducats: Annotated[
        str | None, typer.Argument(show_default=False, help="Such as 525 or 10.50.")
    ] = None,
    reason: Annotated[
        str | None, layout.CREDITED(metavar="TEXT", help="Why; it stands in Venice's record.")
    ] = None,
    reference: Annotated[
        str | None,
        layout.CREDITED(metavar="KEY", help="Your own key: the same key is never credited twice."),
    ] = None,
    payment: Annotated[
        str | None,
        layout.CREDITED(metavar="PI", help="The payment (pi_… or ch_…) that this delivers."),
    ] = None,
    file: Annotated[
        Path | None,
        layout.CREDITED(help="CSV with the columns citizen, ducats, reason, reference."),
    ] = None,
    again: Annotated[
        bool, layout.OVERRIDE("--again", help="Although the same was credited within 24 hours.")
    ] = False,
    although_underpaid: Annotated[
        bool,
        layout.OVERRIDE(
            "--although-underpaid",
            help="Deliver a payment that cost less than its ducats, or whose price nobody can "
            "check; this is recorded.",
        ),
    ] = False,
    although_ambiguous: Annotated[
        bool,
        layout.OVERRIDE(
            "--although-ambiguous",
            help="Deliver, although another transfer may already be this payment's; this is "
            "recorded.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, layout.WRITING("--dry-run", help="Show every write and make none.")
    ] = False,
    yes: Annotated[bool, layout.WRITING("--yes", "-y", help="Do not ask.")] = False,
    json: Annotated[bool, layout.OUTPUT("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Credit ducats by hand: one citizen, one payment, or a file of many; each exactly once.

    Exit code 5: a write may or may not have been applied; the same command, run again, finishes
    the job and repeats nothing. 7: refused by a limit or a guard.
    """
    from cascade_cli.cli.credit.run import CreditOptions
    from cascade_cli.cli.credit.run import credit as work
    from cascade_cli.domain.records.orders import Override

    said = {Override.UNDERPAID: although_underpaid, Override.AMBIGUOUS: although_ambiguous}
    options = CreditOptions(
        citizen,
        ducats,
        reason,
        reference,
        payment,
        file,
        again=again,
        overrides=frozenset(decision for decision, is_said in said.items() if is_said),
        dry_run=dry_run,
        yes=yes,
    )
    raise typer.Exit(conduct(ctx.obj, "credit", lambda s: work(s, options), json=json))
