"""`cascade refund`: its options and help, and what it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from cascade_cli.cli.terminal.options import (
    OVERRIDE,
    TAKEN_BACK,
    DryRun,
    Json,
    Yes,
    examples,
    options_as_parameters,
)
from cascade_cli.cli.terminal.session import run_command

if TYPE_CHECKING:
    from cascade_cli.domain.records.orders import Override


@dataclass(frozen=True)
class RefundOptions:
    """The arguments and options as typed."""

    payment: Annotated[
        str, typer.Argument(show_default=False, help="The payment's id: pi_… or ch_….")
    ]
    ducats: Annotated[
        str | None,
        TAKEN_BACK(metavar="N", help="Take this many in all, instead of what the policy says."),
    ] = None
    write_off: Annotated[
        str | None,
        TAKEN_BACK(metavar="REASON", help="Take nothing back, and record why not."),
    ] = None
    although_underpaid: Annotated[
        bool,
        OVERRIDE(
            "--although-underpaid",
            help="Deliver the rest even if less was paid than the ducats cost, or the price is "
            "not known; this is recorded.",
        ),
    ] = False
    dry_run: DryRun = False
    yes: Yes = False

    @property
    def overrides(self) -> frozenset[Override]:
        """The guards that a person overrides."""
        from cascade_cli.domain.records.orders import Override

        return frozenset({Override.UNDERPAID} if self.although_underpaid else ())


EXAMPLES = examples(
    "cascade refund pi_3jnMhaDZb2Cm --dry-run",
    "cascade refund pi_3jnMhaDZb2Cm",
    'cascade refund pi_3jnMhaDZb2Cm --write-off "a gift of the shop"',
    topic="refunds",
)


@options_as_parameters
def refund(ctx: typer.Context, *, options: RefundOptions, json: Json = False) -> int:
    """Take back the ducats of a payment whose money went back: each refund exactly once.

    What has not arrived yet is withheld instead. If a refund fails, or a lost dispute is won after
    all, the citizen gets the ducats back. Exit code 5: run the same command again; 7: refused by a
    limit or a guard.
    """
    from cascade_cli.cli.refund.run import refund as work

    return run_command(ctx.obj, "refund", lambda s: work(s, options), json=json)
