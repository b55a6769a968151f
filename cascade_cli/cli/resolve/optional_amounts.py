"""`--credit` and `--take-back` may stand without a number: then they mean all that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

EVERYTHING = "all"
_OPTIONAL = frozenset({"--credit", "--take-back"})


def with_amounts(words: Sequence[str]) -> list[str]:
    """The same words, with `all` where no number follows."""
    found: list[str] = []
    for index, word in enumerate(words):
        found.append(word)
        after = words[index + 1] if index + 1 < len(words) else ""
        if word in _OPTIONAL and after != EVERYTHING and not after[:1].isdigit():
            found.append(EVERYTHING)
    return found


class OptionalAmounts(TyperCommand):
    """Reads the words of `resolve` so: Typer knows no option whose value may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does."""
        return super().parse_args(ctx, with_amounts(args))
