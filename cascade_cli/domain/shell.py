"""Commands that a person can paste into a shell, whatever stands in their arguments."""

from __future__ import annotations

import shlex


def quote(argument: str) -> str:
    """One shell word that means exactly `argument`, written in printable characters only."""
    if argument.isprintable():
        return shlex.quote(argument)
    # $'…' (bash, zsh, ksh) spells what a terminal would act upon instead of showing.
    return "$'" + "".join(map(_spell, argument)) + "'"


def _spell(character: str) -> str:
    if character in "'\\":
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def command(*words: str) -> str:
    """A `cascade …` line of these words, each quoted."""
    return " ".join(["cascade", *map(quote, words)])
