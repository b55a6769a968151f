"""Citizens' names as people type them: compared to the letter, near ones suggested."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterable, Sequence

from cascade_cli.domain.charges import MINTS
from cascade_cli.errors import GuardError

SUGGESTIONS = 3


def refuse_unknown(
    wanted: Iterable[str], found: Container[str], usernames: Callable[[], Sequence[str]]
) -> None:
    """Raises GuardError if a wanted citizen is not among those found, naming similar ones.

    `usernames` tells all names; it is called only then, for it takes many requests.
    """
    missing = sorted({name for name in wanted if name not in found})
    if not missing:
        return
    near = near_names(missing[0], usernames())
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise GuardError(
        f"Venice has no citizen {', '.join(map(repr, missing[:SUGGESTIONS]))}.{hint}",
        "Nothing was written. Names are compared to the letter.",
    )


def refuse_processor(recipients: Iterable[str], processor: str) -> None:
    """Raises GuardError if the processor would receive what it pays."""
    if processor in recipients:
        raise GuardError(f"{processor!r} cannot receive ducats: {MINTS}.", "Nothing was written.")


def near_names(name: str, others: Sequence[str]) -> list[str]:
    """Names that differ little, or only in case, most similar first."""
    same = [other for other in others if other.lower() == name.lower()]
    similar = difflib.get_close_matches(name, others, SUGGESTIONS, cutoff=0.75)
    return list(dict.fromkeys([*same, *similar]))[:SUGGESTIONS]
