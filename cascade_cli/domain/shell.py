"""Commands that a person can paste into a shell, whatever stands in their arguments."""

from __future__ import annotations

import shlex
from unicodedata import is_normalized


def quote(argument: str) -> str:
    """One shell word that means exactly `argument`, written in printable characters only."""
    # Programs through which a line is copied may compose its accents: it would name another.
    if argument.isprintable() and is_normalized("NFC", argument):
        return shlex.quote(argument)
    # $'…' (bash, zsh, ksh) spells what a terminal would act upon instead of showing.
    return "$'" + "".join(map(_spell, argument)) + "'"


def _spell(character: str) -> str:
    # A `!` after an escaped quote would call up an interactive shell's history.
    if character.isascii() and character.isprintable() and character not in "'\\!":
        return character
    # Byte by byte: \U… means nothing to a shell whose locale is not UTF-8.
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogatepass"))


def command(*words: str) -> str:
    """A `cascade …` line of these words, each quoted."""
    return " ".join(["cascade", *map(quote, words)])
