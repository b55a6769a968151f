"""The options of `cascade resolve`. `--credit` and `--take-back` need no number: without one, they
mean everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from cascade_cli.cli.terminal.options import DECISION, OVERRIDE, DryRun, Yes

if TYPE_CHECKING:
    from cascade_cli.domain.records.decisions import How
    from cascade_cli.domain.records.orders import Override

EVERYTHING = "all"
_OPTIONAL = frozenset({"--credit", "--take-back"})


@dataclass(frozen=True)
class ResolveOptions:
    """The arguments and options as typed. Each `How` has a field of the same name."""

    case: Annotated[
        str,
        typer.Argument(
            metavar="ID", show_default=False, help="A payment, a portion, or a transfer."
        ),
    ]
    credit: Annotated[
        str | None,
        DECISION(metavar="[N]", help="Give the right citizen the missing ducats, or N of them."),
    ] = None
    take_back: Annotated[
        str | None,
        DECISION(metavar="[N]", help="Take back what went to somebody else, or is too much."),
    ] = None
    settled_by: Annotated[
        str | None,
        DECISION(metavar="STRATAGEM", help="This transfer, made by a person, settles it."),
    ] = None
    moved: Annotated[
        bool, DECISION("--moved", help="A doubtful transfer has moved its ducats.")
    ] = False
    not_moved: Annotated[
        bool, DECISION("--not-moved", help="It moved nothing, and may be tried again.")
    ] = False
    accept: Annotated[bool, DECISION("--accept", help="Nothing will be done.")] = False
    snooze: Annotated[
        str | None,
        DECISION(metavar="D", help="Nothing will be done for this long: 36h, 14d."),
    ] = None
    reopen: Annotated[bool, DECISION("--reopen", help="The earlier decision no longer counts.")] = (
        False
    )
    reason: Annotated[
        str | None,
        DECISION("--reason", "-r", metavar="TEXT", help="Why. Required, and kept for ever."),
    ] = None
    citizen: Annotated[
        str | None,
        DECISION(metavar="C", help="With --credit: the buyer, if the payment names nobody."),
    ] = None
    although_underpaid: Annotated[
        bool,
        OVERRIDE("--although-underpaid", help="With --credit: also give what was not paid for."),
    ] = False
    although_ambiguous: Annotated[
        bool,
        OVERRIDE(
            "--although-ambiguous",
            help="With --credit: even if another transfer may already belong to the payment.",
        ),
    ] = False
    again: Annotated[
        bool,
        OVERRIDE("--again", help="With --credit: even if a credit by hand mentions it."),
    ] = False
    dry_run: DryRun = False
    yes: Yes = False

    @property
    def how(self) -> How:
        """The one decision. Raises UsageError if there is none, or more than one."""
        from cascade_cli.domain.records.decisions import How
        from cascade_cli.errors import UsageError

        found = [how for how in How if getattr(self, how.value) not in {None, False}]
        if len(found) != 1:
            what = "Two decisions exclude each other" if found else "Nothing is decided"
            known = ", ".join(how.option for how in How)
            raise UsageError(f"{what}.", f"Nothing was written. Give one of {known}.")
        return found[0]

    @property
    def overrides(self) -> frozenset[Override]:
        """The guards that a person overrides."""
        from cascade_cli.domain.records.orders import Override

        underpaid, ambiguous = self.although_underpaid, self.although_ambiguous
        said = {Override.UNDERPAID: underpaid, Override.AMBIGUOUS: ambiguous}
        return frozenset(override for override, is_said in said.items() if is_said)


def with_amounts(words: Sequence[str]) -> list[str]:
    """The same words, with `all` after an option that has no number."""
    found: list[str] = []
    for index, word in enumerate(words):
        found.append(word)
        after = words[index + 1] if index + 1 < len(words) else ""
        # An amount begins with a digit. No case's id does, so an id may follow the option directly.
        if word in _OPTIONAL and after != EVERYTHING and not after[:1].isdigit():
            found.append(EVERYTHING)
    return found


class OptionalAmounts(TyperCommand):
    """Reads the words of `resolve` in this way, because Typer has no options with an optional
    value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Called by Typer."""
        return super().parse_args(ctx, with_amounts(args))
