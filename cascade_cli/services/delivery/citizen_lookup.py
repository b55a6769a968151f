"""Citizens' names as people type them: compared to the letter, near ones suggested."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence

from cascade_cli.domain.records.charges import MINTS
from cascade_cli.domain.records.citizens import SUGGESTIONS, did_you_mean, near_names
from cascade_cli.errors import GuardError


def require_known(
    wanted: Iterable[str], found: Container[str], usernames: Callable[[], Sequence[str]]
) -> None:
    """Raises GuardError if a wanted citizen is not among those found, naming similar ones.

    `usernames` returns all names. It takes many requests, so it is called only if one is missing.
    """
    missing = sorted({name for name in wanted if name not in found})[:SUGGESTIONS]
    if not missing:
        return
    others = usernames()
    near = {name: near_names(name, others) for name in missing}
    raise GuardError(
        f"Venice has no citizen {', '.join(map(repr, missing))}.{did_you_mean(near)}",
        "Nothing was written. Names are compared to the letter.",
    )


def refuse_processor(recipients: Iterable[str], processor: str) -> None:
    """Raises GuardError if the processor would receive what it pays."""
    if processor in recipients:
        raise GuardError(f"{processor!r} cannot receive ducats: {MINTS}.", "Nothing was written.")
