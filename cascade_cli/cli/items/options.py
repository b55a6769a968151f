"""The options that select cases, as `reconcile`, `status` and `review` share them; and the kinds
that an option names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cascade_cli.cli.terminal.options import CASES

if TYPE_CHECKING:
    from cascade_cli.domain.discrepancies.kinds import Kind
    from cascade_cli.domain.reconcile.reconciliation import Selection

KindOption = Annotated[
    list[str] | None,
    CASES("--kind", metavar="K", help="Only cases of this kind; may be given repeatedly."),
]
CitizenOption = Annotated[
    str | None, CASES(metavar="C", help="Only cases that concern this citizen.")
]
LimitOption = Annotated[int | None, CASES(metavar="N", min=1, help="Only the N worst.")]


def selected(
    kinds: Sequence[str] | None,
    citizen: str | None,
    limit: int | None,
    *,
    everything: bool = False,
) -> Selection:
    """The options as a Selection. Raises BadParameter for an unknown kind."""
    from cascade_cli.domain.reconcile.reconciliation import Selection

    return Selection(everything, frozenset(map(kind_option, kinds or ())), citizen, limit)


def kind_option(text: str) -> Kind:
    """The kind that was typed. Raises BadParameter, which lists the kinds, if it is none."""
    from cascade_cli.domain.discrepancies.kinds import Kind

    try:
        return Kind(text.strip().replace(" ", "_").replace("-", "_"))
    except ValueError:
        raise typer.BadParameter(f"--kind {text!r} is not one of {', '.join(Kind)}") from None
