"""Regular expressions for REGEX_MATCH, matched in linear time as RE2 does, which Airtable uses.

The pattern becomes an automaton of at most MAX_STATES states that reads each character of the
text once, so there is no pattern that hangs. What RE2 lacks (look-around, back-references) and
what the sandbox lacks (flags but a leading `(?i)`, Unicode and POSIX classes, `\\x…`) is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from cascade_cli.sandbox.airtable import refusal
from cascade_cli.sandbox.airtable.formula.pattern_syntax import (
    Alternation,
    Assertion,
    Character,
    Node,
    PatternError,
    Repetition,
    Sequence,
    parse,
)

MAX_STATES = 5_000
_MAX_REMEMBERED = 5_000

_States = frozenset[int]
_Context = tuple[bool, bool, bool, bool]
"""Whether a position is at the start, at the end, after a word character, before one."""


@lru_cache(maxsize=64)
def pattern(written: str) -> Pattern:
    """The automaton for a pattern; raises Refusal where it is malformed or too large."""
    try:
        tree, fold = parse(written)
        return Pattern(tree, fold)
    except (PatternError, RecursionError) as error:
        raise refusal.invalid_formula() from error


@dataclass
class _State:
    accepts: Callable[[str], bool] | None = None
    asserts: Callable[[_Context], bool] | None = None
    targets: list[int] = field(default_factory=list)


class Pattern:
    """A compiled pattern; `search` tells whether it matches anywhere in a text."""

    def __init__(self, tree: Node, fold: bool) -> None:
        self._fold = fold
        self._states = [_State()]
        self._start = self._build(tree, 0)
        self._closures: dict[tuple[_States, _Context], _States] = {}
        self._steps: dict[tuple[_States, str], _States] = {}

    def search(self, text: str) -> bool:
        """Whether some part of `text` matches."""
        if self._fold:
            text = text.lower()
        current: _States = frozenset()
        word_before = False
        for position in range(len(text) + 1):
            at_end = position == len(text)
            word_after = not at_end and _is_word(text[position])
            context = (position == 0, at_end, word_before, word_after)
            closed = self._closure(current | {self._start}, context)
            if 0 in closed:
                return True
            if not at_end:
                current = self._step(closed, text[position])
            word_before = word_after
        return False

    def _build(self, node: Node, then: int) -> int:
        if isinstance(node, Character):
            return self._add(_State(accepts=node.accepts, targets=[then]))
        if isinstance(node, Assertion):
            return self._add(_State(asserts=_ASSERTIONS[node.kind], targets=[then]))
        if isinstance(node, Sequence):
            for part in reversed(node.parts):
                then = self._build(part, then)
            return then
        if isinstance(node, Alternation):
            return self._add(_State(targets=[self._build(one, then) for one in node.branches]))
        return self._build_repetition(node, then)

    def _build_repetition(self, node: Repetition, then: int) -> int:
        if node.most is None:
            loop = self._add(_State(targets=[then]))
            self._states[loop].targets.append(self._build(node.part, loop))
            then = loop
        for _ in range((node.most or node.least) - node.least):
            then = self._add(_State(targets=[then, self._build(node.part, then)]))
        for _ in range(node.least):
            then = self._build(node.part, then)
        return then

    def _add(self, state: _State) -> int:
        if len(self._states) >= MAX_STATES:
            raise PatternError("too large")
        self._states.append(state)
        return len(self._states) - 1

    def _closure(self, states: _States, context: _Context) -> _States:
        key = (states, context)
        if key not in self._closures:
            if len(self._closures) > _MAX_REMEMBERED:
                self._closures.clear()
            self._closures[key] = self._close(states, context)
        return self._closures[key]

    def _close(self, states: _States, context: _Context) -> _States:
        seen = set(states)
        waiting = list(states)
        while waiting:
            state = self._states[waiting.pop()]
            if state.accepts or (state.asserts and not state.asserts(context)):
                continue
            fresh = [target for target in state.targets if target not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return frozenset(seen)

    def _step(self, states: _States, character: str) -> _States:
        key = (states, character)
        if key not in self._steps:
            if len(self._steps) > _MAX_REMEMBERED:
                self._steps.clear()
            reading = (self._states[index] for index in states)
            self._steps[key] = frozenset(
                state.targets[0] for state in reading if state.accepts and state.accepts(character)
            )
        return self._steps[key]


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())


_ASSERTIONS: dict[str, Callable[[_Context], bool]] = {
    "start": lambda context: context[0],
    "end": lambda context: context[1],
    "boundary": lambda context: context[2] != context[3],
    "inside": lambda context: context[2] == context[3],
}
