"""The options that select cases, the same for `reconcile`, `status` and `review`."""

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

    return Selection(everything, frozenset(map(_kind, kinds or ())), citizen, limit)


def _kind(text: str) -> Kind:
    from cascade_cli.domain.discrepancies.kinds import Kind

    try:
        return Kind(text.strip().replace(" ", "_").replace("-", "_"))
    except ValueError:
        raise typer.BadParameter(f"--kind {text!r} is not one of {', '.join(Kind)}") from None
