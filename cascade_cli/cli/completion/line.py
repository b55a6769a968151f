"""A command line that is not finished: which word of it stands at the cursor.

Typer would know, and takes more than the tenth of a second that a person gives to a Tab. So the
commands are read from `words.json` instead, which `table` writes from Typer's own.
"""

from __future__ import annotations

import json
import os
import shlex

FILE = os.path.join(os.path.dirname(__file__), "words.json")  # noqa: PTH118, PTH120 - pathlib takes as long as all the rest


class Table:
    """What can be typed: see `table.Row` for the rows."""

    def __init__(self) -> None:
        with open(FILE, encoding="utf-8") as file:  # noqa: PTH123 - as above
            kept = json.load(file)
        self._rows: dict[str, dict[str, str]] = kept["rows"]
        self.values: dict[str, dict[str, str]] = kept["values"]

    @property
    def paths(self) -> list[str]:
        """Every command in full, such as `events replay`."""
        return [name for name in self._rows if "|" not in name]

    def commands(self, path: str) -> dict[str, str]:
        """The commands that may follow, and what each is for."""
        depth, start = len(path.split()) + 1, f"{path} " if path else ""
        return {
            name.split()[-1]: row["help"]
            for name, row in self._rows.items()
            if "|" not in name and name.startswith(start) and len(name.split()) == depth
        }

    def options(self, path: str) -> dict[str, dict[str, str]]:
        """A command's options by their spelling."""
        start = f"{path}|-"
        return {n[len(path) + 1 :]: row for n, row in self._rows.items() if n.startswith(start)}

    def argument(self, path: str, position: int) -> dict[str, str]:
        """The argument at that position; the last may take all that follow."""
        many = self._rows.get(f"{path}|*", {})
        return self._rows.get(f"{path}|{position}", many)


class Line:
    """What was typed before the word at the cursor."""

    def __init__(self, table: Table, words: list[str]) -> None:
        self.table = table
        self.command = ""
        self.given: dict[str, str] = {}
        """The options, and their values."""
        self.position = 0
        """So many arguments stand there already."""
        self.waiting = ""
        """The option whose value comes next."""
        self.is_past_options = False
        for word in words:
            self.take(word)

    @property
    def options(self) -> dict[str, dict[str, str]]:
        """Those that may stand here."""
        return self.table.options(self.command)

    def option(self, spelling: str) -> dict[str, str]:
        """What is known of one: the global ones are understood behind the command as well."""
        return self.options.get(spelling) or self.table.options("").get(spelling, {})

    def take(self, word: str) -> None:
        """The next word."""
        waiting, self.waiting = self.waiting, ""
        if waiting and self._is_value(waiting, word):
            self.given[waiting] = word
        elif word == "--" and not self.is_past_options:
            self.is_past_options = True
        elif word[:1] == "-" and not self.is_past_options:
            self._take_option(word)
        elif word in self.table.commands(self.command):
            self.command = f"{self.command} {word}".strip()
        else:
            self.position += 1

    def _is_value(self, option: str, word: str) -> bool:
        """Some options may stand without their value; then it is a number."""
        return self.option(option).get("value") != "number or nothing" or word[:1].isdigit()

    def _take_option(self, word: str) -> None:
        spelling, equals, value = word.partition("=")
        self.given[spelling] = value
        if "value" in self.option(spelling) and not equals:
            self.waiting = spelling


def split(text: str) -> tuple[list[str], str, str]:
    """The words before the cursor, the one at it, and the quote in which that one is still open."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words = []
    try:
        while (word := lexer.get_token()) is not None:
            words.append(word)
    except ValueError:
        # The last word is not closed yet.
        quote = state if (state := getattr(lexer, "state", "")) in {"'", '"'} else ""
        return words, lexer.token, str(quote)
    # A word that a space ends is finished.
    is_finished = text[-1:].isspace() and not text.endswith("\\ ")
    last = "" if is_finished or not words else words.pop()
    return words, last, ""
