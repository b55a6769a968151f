"""Commands that a person can paste into a shell, whatever their arguments contain."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from unicodedata import is_normalized

COMMANDS = (
    *("reconcile", "credit", "refund", "resolve", "review", "explain", "status", "doctor"),
    *("serve", "checkout", "pricing", "events", "journal", "schedule", "citizen", "stratagem"),
    *("completion", "config", "profile", "init"),
)
"""The words that follow `cascade` in a command line, but not in a sentence about cascade. `sandbox`
is left out: it means the sandbox without any option."""
QUOTED = r"""(?<!\S)\$?'[^']*'(?:"'"'[^']*')*"""
"""A quoted argument: a reason or a citizen's name may read like a command."""
COMMAND_LINE = rf"`[^`]*`|\bcascade (?:--|(?:{'|'.join(COMMANDS)})\b).*"
"""A command in a sentence, to be typed as it stands: between backticks, or up to the line's end."""
_SANDBOX = "sandbox"
_COMMAND = re.compile(rf"{QUOTED}|\bcascade(?= ({'|'.join((*COMMANDS, _SANDBOX))})\b)")


def quote(argument: str) -> str:
    """One shell word that means exactly `argument`, written in printable characters only."""
    # Programs may compose the accents of a line that is copied through them, and it would then name
    # another citizen.
    if argument.isprintable() and is_normalized("NFC", argument):
        return shlex.quote(argument)
    # $'…' (bash, zsh, ksh) spells out what a terminal would act upon instead of showing.
    return "$'" + "".join(map(_spell, argument)) + "'"


def _spell(character: str) -> str:
    # In an interactive shell, a `!` after an escaped quote would expand the history.
    if character.isascii() and character.isprintable() and character not in "'\\!":
        return character
    # Byte by byte: \U… means nothing to a shell whose locale is not UTF-8.
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogatepass"))


def command(*words: str) -> str:
    """A `cascade …` line of these words, each quoted."""
    return " ".join(["cascade", *map(quote, words)])


def complete(text: str, options: Sequence[str]) -> str:
    """The text, with the global options added to every command line in it.

    Quoted words are left as they are.
    """
    if not options or "cascade " not in text:
        return text
    full = command(*options)
    plain = command(*(word for word in options if word != "--sandbox"))

    def completed(found: re.Match[str]) -> str:
        if found[0] != "cascade":
            return found[0]
        return plain if found[1] == _SANDBOX else full

    return _COMMAND.sub(completed, text)
