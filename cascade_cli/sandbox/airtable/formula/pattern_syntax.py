"""The syntax of regular expressions, as far as RE2 and the sandbox both go."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_REPEAT = 1_000
MAX_NESTING = 50
_COUNT = re.compile(r"[0-9]{1,9}")


class PatternError(ValueError):
    """A pattern that is malformed, or has what the sandbox does not know."""


@dataclass(frozen=True)
class Character:
    """One character that `accepts` is true of."""

    accepts: Callable[[str], bool]


@dataclass(frozen=True)
class Assertion:
    """A condition on a position: `start`, `end`, `boundary` or `inside`."""

    kind: str


@dataclass(frozen=True)
class Sequence:
    """Parts one after another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Alternation:
    """Any of the branches."""

    branches: tuple[Node, ...]


@dataclass(frozen=True)
class Repetition:
    """`part` at least `least` times, at most `most` (None: without limit)."""

    part: Node
    least: int
    most: int | None


Node = Character | Assertion | Sequence | Alternation | Repetition


def parse(written: str) -> tuple[Node, bool]:
    """The tree, and whether the case of letters is to be ignored; raises PatternError."""
    fold = written.startswith("(?i)")
    return _Reader(written.removeprefix("(?i)"), fold).whole(), fold


class _Reader:
    def __init__(self, written: str, fold: bool) -> None:
        self._text = written
        self._position = 0
        self._fold = fold
        self._nesting = 0

    def whole(self) -> Node:
        tree = self._alternation()
        if self._position < len(self._text):
            raise PatternError("unbalanced parenthesis")
        return tree

    def _alternation(self) -> Node:
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Alternation(tuple(branches))

    def _sequence(self) -> Node:
        parts = []
        while self._position < len(self._text) and self._peek() not in "|)":
            parts.append(self._repeated())
        return Sequence(tuple(parts))

    def _repeated(self) -> Node:
        part = self._atom()
        bounds = self._bounds()
        if bounds is None:
            return part
        self._take("?")
        if self._bounds() is not None:
            raise PatternError("repeated twice")
        return Repetition(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in _QUANTIFIERS.items():
            if self._take(sign):
                return bounds
        end = self._text.find("}", self._position)
        inside = self._text[self._position + 1 : end] if self._peek() == "{" and end > 0 else ""
        least, comma, most = inside.partition(",")
        if not _COUNT.fullmatch(least) or (most and not _COUNT.fullmatch(most)):
            return None
        self._position = end + 1
        return _checked(int(least), int(most) if most else None if comma else int(least))

    def _atom(self) -> Node:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            return Character(self._folded(self._class()))
        if character == "\\":
            return self._escape()
        if character in "*+?":
            raise PatternError("nothing to repeat")
        if character in _SIGNS:
            return _SIGNS[character]
        return self._literal(character)

    def _group(self) -> Node:
        if self._take("?") and not self._take(":"):
            raise PatternError("unknown kind of group")
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise PatternError("nested too deeply")
        inside = self._alternation()
        if not self._take(")"):
            raise PatternError("unbalanced parenthesis")
        self._nesting -= 1
        return inside

    def _escape(self) -> Node:
        character = self._next()
        if character in _POSITIONS:
            return Assertion(_POSITIONS[character])
        if character in _CLASSES:
            return Character(_CLASSES[character])
        return self._literal(_escaped(character))

    def _class(self) -> Callable[[str], bool]:
        negated = self._take("^")
        members: list[Callable[[str], bool]] = []
        while not members or self._peek() != "]":
            members.append(self._member())
        self._next()
        return lambda character: any(one(character) for one in members) != negated

    def _member(self) -> Callable[[str], bool]:
        first = self._next()
        if first == "[" and self._peek() == ":":
            raise PatternError("unknown class")
        if first == "\\":
            first = self._next()
            if first in _CLASSES:
                return _CLASSES[first]
            first = _escaped(first)
        if self._peek() != "-" or self._text[self._position + 1 : self._position + 2] in ("]", ""):
            return lambda character: character == first
        self._next()
        last = self._next()
        last = _escaped(self._next()) if last == "\\" else last
        if last < first:
            raise PatternError("range out of order")
        return lambda character: first <= character <= last

    def _literal(self, expected: str) -> Node:
        return Character(self._folded(lambda character: character == expected))

    def _folded(self, accepts: Callable[[str], bool]) -> Callable[[str], bool]:
        if not self._fold:
            return accepts
        return lambda character: accepts(character) or accepts(character.upper())

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._peek()
        if not character:
            raise PatternError("ends too early")
        self._position += 1
        return character

    def _take(self, expected: str) -> bool:
        taken = self._peek() == expected
        self._position += taken
        return taken


def _checked(least: int, most: int | None) -> tuple[int, int | None]:
    if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
        raise PatternError("bad repetition")
    return least, most


def _escaped(character: str) -> str:
    if character in _CONTROLS:
        return _CONTROLS[character]
    if character.isalnum():
        raise PatternError("unknown escape")
    return character


def _negated(accepts: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda character: not accepts(character)


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def _is_space(character: str) -> bool:
    return character in "\t\n\f\r "


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())


_QUANTIFIERS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_SIGNS: dict[str, Node] = {
    "^": Assertion("start"),
    "$": Assertion("end"),
    ".": Character(lambda character: character != "\n"),
}
_POSITIONS = {"A": "start", "z": "end", "b": "boundary", "B": "inside"}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_CLASSES: dict[str, Callable[[str], bool]] = {
    "d": _is_digit,
    "D": _negated(_is_digit),
    "s": _is_space,
    "S": _negated(_is_space),
    "w": _is_word,
    "W": _negated(_is_word),
}
