"""Commands that stand in what cascade prints, and what they come to when somebody types them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from cascade_cli.domain.shop.shell import COMMANDS
from tests.harness.commands import Answer
from tests.harness.pasted import pasted

_COMMAND = rf"cascade (?:{'|'.join(COMMANDS)})\b"
_ON_A_LINE = re.compile(rf"^  \$ ({_COMMAND}.*)$", re.MULTILINE)
_IN_A_SENTENCE = re.compile(rf": ({_COMMAND}.*?)(?:\. (?=[A-Z])|\.?$)")
# Of those that write, what they would do is enough to see whether they can be typed.
_WRITING = ("credit", "refund", "reconcile --repair", "resolve", "citizen", "events replay")
# What only a person knows, as somebody might fill it in.
FILLED_IN = {"DUCATS": "100", "CITIZEN": "marco"}


def on_lines(text: str) -> list[str]:
    """Those that people are shown to copy, in order."""
    return _ON_A_LINE.findall(text)


def printed(answer: Answer) -> set[str]:
    """All of them, in an answer of whatever form."""
    if not answer.out.startswith("{"):
        found = set(on_lines(answer.out))
        return found | set(_IN_A_SENTENCE.findall(" ".join(answer.err.split())))
    return {line for text in _texts(answer.document) for line in _in(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _in(text: str) -> Iterator[str]:
    if re.match(_COMMAND, text):
        yield text
    else:
        yield from _IN_A_SENTENCE.findall(text)


def words_of(line: str) -> list[str]:
    """As a shell takes the line, without `cascade`."""
    return (pasted(line) if "$'" in line else shlex.split(line))[1:]


def safe(line: str) -> list[str]:
    """The words of the line as it stands, but that nothing is written."""
    words = [FILLED_IN.get(word, word) for word in words_of(line)]
    if line.removeprefix("cascade ").startswith(_WRITING) and words[1:2] != ["show"]:
        place = 2 if words[0] in {"citizen", "events"} else 1
        words.insert(place, "--dry-run")
    return words
