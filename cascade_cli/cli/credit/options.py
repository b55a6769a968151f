"""The options of `cascade credit`: who is credited, how much, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cascade_cli.cli.terminal.options import CREDITED, OVERRIDE, DryRun, Yes

if TYPE_CHECKING:
    from cascade_cli.domain.records.orders import Override


@dataclass(frozen=True)
class CreditOptions:
    """The arguments and options as typed."""

    citizen: Annotated[
        str | None, typer.Argument(show_default=False, help="Exactly as Venice spells it.")
    ] = None
    ducats: Annotated[
        str | None, typer.Argument(show_default=False, help="How many, such as 525 or 10.50.")
    ] = None
    reason: Annotated[
        str | None, CREDITED(metavar="TEXT", help="Why. Venice's record will show it.")
    ] = None
    reference: Annotated[
        str | None,
        CREDITED(metavar="KEY", help="Your own key: the same key is never credited twice."),
    ] = None
    payment: Annotated[
        str | None,
        CREDITED(metavar="PI", help="The payment (pi_… or ch_…) that this delivers."),
    ] = None
    file: Annotated[
        Path | None,
        CREDITED(help="CSV with the columns citizen, ducats, reason, reference."),
    ] = None
    again: Annotated[
        bool, OVERRIDE("--again", help="Even if the same was credited within 24 hours.")
    ] = False
    although_underpaid: Annotated[
        bool,
        OVERRIDE(
            "--although-underpaid",
            help="Deliver even if less was paid than the ducats cost, or nobody can check the "
            "price; this is recorded.",
        ),
    ] = False
    although_ambiguous: Annotated[
        bool,
        OVERRIDE(
            "--although-ambiguous",
            help="Deliver even if another transfer may already belong to this payment; this is "
            "recorded.",
        ),
    ] = False
    dry_run: DryRun = False
    yes: Yes = False

    @property
    def overrides(self) -> frozenset[Override]:
        """The guards that a person overrides."""
        from cascade_cli.domain.records.orders import Override

        underpaid, ambiguous = self.although_underpaid, self.although_ambiguous
        said = {Override.UNDERPAID: underpaid, Override.AMBIGUOUS: ambiguous}
        return frozenset(override for override, is_said in said.items() if is_said)

    def again_as(self, made_up_reference: str) -> str:
        """The command line that continues what this one began."""
        from cascade_cli.domain.shop.shell import command

        words = [word for word in (self.citizen, self.ducats) if word is not None]
        named = {
            "--reason": self.reason,
            "--payment": self.payment,
            "--reference": self.reference or made_up_reference or None,
            "--file": self.file and str(self.file),
        }
        words += [word for pair in named.items() if pair[1] is not None for word in map(str, pair)]
        # A set has no order of its own, and the printed line should always be the same.
        words += sorted(f"--{override}" for override in self.overrides)
        return command("credit", *words)
