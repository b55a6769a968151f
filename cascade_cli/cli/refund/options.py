"""Which payment's ducats `cascade refund` takes back, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from cascade_cli.cli.terminal.options import OVERRIDE, TAKEN_BACK, DryRun, Yes

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
