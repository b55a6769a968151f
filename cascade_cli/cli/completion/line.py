"""An unfinished command line: what may stand at the cursor.

Typer knows that too, but takes longer than the tenth of a second that a person waits for a Tab. So
the commands are read from `words.json`, which `table` writes from Typer's declarations.
"""

from __future__ import annotations

import json
import os
import shlex

FILE = os.path.join(os.path.dirname(__file__), "words.json")  # noqa: PTH118, PTH120 - pathlib takes as long as all the rest


class Table:
    """All commands, options and arguments. `table.Row` describes the rows."""

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
        """The commands that may follow `path`, each with its help."""
        depth, start = len(path.split()) + 1, f"{path} " if path else ""
        return {
            name.split()[-1]: row["help"]
            for name, row in self._rows.items()
            if "|" not in name and name.startswith(start) and len(name.split()) == depth
        }

    def options(self, path: str) -> dict[str, dict[str, str]]:
        """The rows of a command's options, by spelling."""
        start = f"{path}|-"
        return {n[len(path) + 1 :]: row for n, row in self._rows.items() if n.startswith(start)}

    def argument(self, path: str, position: int) -> dict[str, str]:
        """The row of the argument at that position. A repeatable argument takes all positions."""
        many = self._rows.get(f"{path}|*", {})
        return self._rows.get(f"{path}|{position}", many)


class Line:
    """The words before the cursor, as far as they say what may follow."""

    def __init__(self, table: Table, words: list[str]) -> None:
        self.table = table
        self.command = ""
        self.given: dict[str, str] = {}
        """The options on the line, with their values."""
        self.position = 0
        """How many arguments are on the line."""
        self.waiting = ""
        """The option whose value comes next."""
        self.is_past_options = False
        for word in words:
            self.take(word)

    @property
    def options(self) -> dict[str, dict[str, str]]:
        """The rows of the command's own options."""
        return self.table.options(self.command)

    def option(self, spelling: str) -> dict[str, str]:
        """The row of an option. Global options are found as well, even after the command."""
        return self.options.get(spelling) or self.table.options("").get(spelling, {})

    def take(self, word: str) -> None:
        """Read the next word."""
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
        """Whether the word is the option's value. An optional value is always a number."""
        return self.option(option).get("value") != "number or nothing" or word[:1].isdigit()

    def _take_option(self, word: str) -> None:
        spelling, equals, value = word.partition("=")
        self.given[spelling] = value
        if "value" in self.option(spelling) and not equals:
            self.waiting = spelling


def split(text: str) -> tuple[list[str], str, str]:
    """The words before the cursor, the word at it, and the quote that is still open there."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words = []
    try:
        while (word := lexer.get_token()) is not None:
            words.append(word)
    except ValueError:
        # The last word's quote is not closed yet.
        quote = state if (state := getattr(lexer, "state", "")) in {"'", '"'} else ""
        return words, lexer.token, str(quote)
    # A space after the last word finishes it.
    is_finished = text[-1:].isspace() and not text.endswith("\\ ")
    last = "" if is_finished or not words else words.pop()
    return words, last, ""
