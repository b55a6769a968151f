"""The Typer app as a tree, and command lines read by its own parser without being run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from typing import Any

import typer

from cascade_cli.cli.app import COMMANDS, GROUPS, app_for

NAMES = [*COMMANDS, *GROUPS]


@cache
def whole() -> Any:
    """Declared once: that takes as long as many tests together."""
    return typer.main.get_command(app_for(NAMES))


def commands(command: Any = None, path: str = "cascade") -> Iterator[tuple[str, Any]]:
    """Every command with its full name, except groups that have no options of their own."""
    command = command or whole()
    children = getattr(command, "commands", {})
    if command.params or not children:
        yield path, command
    for name, child in children.items():
        yield from commands(child, f"{path} {name}")


def groups(command: Any = None, path: str = "cascade") -> Iterator[str]:
    """Every command that only leads to others."""
    command = command or whole()
    for name, child in getattr(command, "commands", {}).items():
        yield from groups(child, f"{path} {name}")
    if hasattr(command, "commands"):
        yield path


def options(command: Any) -> dict[str, Any]:
    """Each option's spelling, long and short, with its parameter."""
    return {spelling: p for p in command.params for spelling in p.opts if spelling[0] == "-"}


def parse(arguments: Sequence[str]) -> None:
    """Read a command line, without the leading `cascade`. Raises typer.TyperException if wrong."""
    command: Any = whole()
    name, context = "cascade", None
    while hasattr(command, "commands"):
        here = next((i for i, a in enumerate(arguments) if a in command.commands), len(arguments))
        context = command.make_context(name, list(arguments[: here + 1]), parent=context)
        if here == len(arguments):
            raise typer.BadParameter(f"no command in {arguments}")
        name, command, arguments = (
            arguments[here],
            command.commands[arguments[here]],
            arguments[here + 1 :],
        )
    command.make_context(name, list(arguments), parent=context)


def cascade_lines(script: str) -> Iterator[list[str]]:
    """The arguments of each call of cascade in a shell script."""
    for line in script.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for token in [*lexer, ";"]:
            if re.fullmatch("[;&|]+", token):
                yield from _arguments(words)
                words = []
            else:
                words.append(token)


def _arguments(words: list[str]) -> Iterator[list[str]]:
    if words[:1] == ["cascade"]:
        yield list(takewhile(lambda word: word not in {">", ">>"}, words[1:]))
