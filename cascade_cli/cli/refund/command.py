"""`cascade refund`: its argument and options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

EXAMPLES = layout.examples(
    "cascade refund pi_3jnMhaDZb2Cm --dry-run",
    "cascade refund pi_3jnMhaDZb2Cm",
    'cascade refund pi_3jnMhaDZb2Cm --write-off "a gift of the shop"',
    topic="refunds",
)


def refund(
    ctx: typer.Context,
    payment: Annotated[str, typer.Argument(show_default=False, help="Its id: pi_… or ch_….")],
    ducats: Annotated[
        str | None,
        layout.TAKEN_BACK(
            metavar="N", help="Take so many in all, instead of what the policy says."
        ),
    ] = None,
    write_off: Annotated[
        str | None,
        layout.TAKEN_BACK(metavar="REASON", help="Take nothing back, and record why not."),
    ] = None,
    although_underpaid: Annotated[
        bool,
        layout.OVERRIDE(
            "--although-underpaid",
            help="Deliver the rest, although less was paid than the ducats cost or the price is "
            "not known; this is recorded.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, layout.WRITING("--dry-run", help="Show every write and make none.")
    ] = False,
    yes: Annotated[bool, layout.WRITING("--yes", "-y", help="Do not ask.")] = False,
    json: Annotated[bool, layout.OUTPUT("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Take back the ducats of a payment whose money went back: each refund exactly once.

    What has not arrived yet is withheld instead. If a refund fails, or a lost dispute is won, the
    ducats go to the citizen again. Exit code 5: run the same command again; 7: refused by a limit
    or a guard.
    """
    from cascade_cli.cli.refund.run import refund as work
    from cascade_cli.cli.refund.split_payment import RefundOptions
    from cascade_cli.domain.records.orders import Override

    overrides = frozenset({Override.UNDERPAID} if although_underpaid else ())
    options = RefundOptions(
        payment, ducats, write_off, dry_run=dry_run, yes=yes, overrides=overrides
    )
    raise typer.Exit(conduct(ctx.obj, "refund", lambda s: work(s, options), json=json))
