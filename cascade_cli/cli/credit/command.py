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
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Why; it stands in Venice's record.",
            rich_help_panel=layout.CREDITED,
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Your own key: the same key is never credited twice.",
            rich_help_panel=layout.CREDITED,
        ),
    ] = None,
    payment: Annotated[
        str | None,
        typer.Option(
            metavar="PI",
            help="The payment (pi_… or ch_…) that this delivers.",
            rich_help_panel=layout.CREDITED,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="CSV with the columns citizen, ducats, reason, reference.",
            rich_help_panel=layout.CREDITED,
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Although the same was credited within 24 hours.",
            rich_help_panel=layout.OVERRIDE,
        ),
    ] = False,
    although_underpaid: Annotated[
        bool,
        typer.Option(
            "--although-underpaid",
            help="Deliver a payment that cost less than its ducats, or whose price nobody can "
            "check; this is recorded.",
            rich_help_panel=layout.OVERRIDE,
        ),
    ] = False,
    although_ambiguous: Annotated[
        bool,
        typer.Option(
            "--although-ambiguous",
            help="Deliver, although another transfer may already be this payment's; this is "
            "recorded.",
            rich_help_panel=layout.OVERRIDE,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show every write and make none.", rich_help_panel=layout.WRITING
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=layout.WRITING)
    ] = False,
    json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object on stdout.", rich_help_panel=layout.OUTPUT),
    ] = False,
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
