"""Citizens' names as people type them: compared to the letter, near ones suggested."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterable, Sequence

from cascade_cli.domain.records.charges import MINTS
from cascade_cli.domain.shop.citizen_names import look_alike, look_alikes, with_difference
from cascade_cli.errors import GuardError

SUGGESTIONS = 3


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
    near = {name: suggestions(name, others) for name in missing}
    raise GuardError(
        f"Venice has no citizen {', '.join(map(repr, missing))}.{_suggestions(near)}",
        "Nothing was written. Names are compared to the letter.",
    )


def refuse_processor(recipients: Iterable[str], processor: str) -> None:
    """Raises GuardError if the processor would receive what it pays."""
    if processor in recipients:
        raise GuardError(f"{processor!r} cannot receive ducats: {MINTS}.", "Nothing was written.")


def _suggestions(near: dict[str, list[str]]) -> str:
    for_whom = {name: f" for {name!r}" if len(near) > 1 else "" for name in near}
    return "".join(
        f" Did you mean {' or '.join(_told(other, name) for other in others)}{for_whom[name]}?"
        for name, others in near.items()
        if others
    )


def _told(other: str, name: str) -> str:
    return with_difference(other, name) if look_alike(other, name) else repr(other)


def suggestions(name: str, others: Sequence[str]) -> list[str]:
    """Names that look the same or differ little, most similar first."""
    same = look_alikes([name], others).get(name, ())
    similar = difflib.get_close_matches(name, others, SUGGESTIONS, cutoff=0.75)
    return list(dict.fromkeys([*same, *similar]))[:SUGGESTIONS]
