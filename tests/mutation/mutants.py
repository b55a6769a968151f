"""The mutants of one module, made by mutmut's operators.

Only the operators are mutmut's. Its runner leaves out properties and constants, where many rules
stand, takes no sample by a seed, and works inside the project's folder.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import OPERATORS_TYPE, mutation_operators, operator_if_exp

# mutmut forces a conditional expression both ways; the conditions of statements matter as much.
OPERATORS: OPERATORS_TYPE = (
    *mutation_operators,
    (cst.If, operator_if_exp),
    (cst.CompIf, operator_if_exp),
)

# Types and the words of errors decide nothing; a decorator that is gone breaks the import.
_LEFT_OUT = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Raise, cst.Assert)
_WORDS = frozenset({"why", "hint", "note", "message", "sentence", "sentences", "evidence"})
_ALIAS = re.compile(r"__all__ = |[A-Z]\w* = (TypeVar\(|[A-Z][a-z]\w*(\[| \| ))")


@dataclass(frozen=True)
class Mutant:
    """The whole text of a module with one change."""

    line: int
    text: str
    diff: str


@dataclass(frozen=True)
class _Change:
    line: int
    old: cst.CSTNode
    new: cst.CSTNode


def sample(text: str, seed: str, size: int | None = None) -> tuple[int, list[Mutant]]:
    """How many changes there are, and the mutants that the seed chooses, in their order."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    finder = _Finder()
    wrapper.visit(finder)
    changes = finder.changes
    order = Random(seed).sample(range(len(changes)), len(changes))  # noqa: S311
    chosen = sorted(order[:size])
    return len(changes), [_mutant(wrapper.module, text, changes[index]) for index in chosen]


def _mutant(module: cst.Module, text: str, change: _Change) -> Mutant:
    tree = module.deep_replace(change.old, change.new)
    assert isinstance(tree, cst.Module)
    lines = list(difflib.unified_diff(text.splitlines(), tree.code.splitlines(), n=0, lineterm=""))
    return Mutant(change.line, tree.code, "\n".join(line for line in lines[3:] if line[0] in "+-"))


class _Finder(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[_Change] = []
        self._line = 1

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _LEFT_OUT) or _is_wording(node) or _is_about_types(node):
            return False
        # Not every node has a position of its own.
        position = self.get_metadata(PositionProvider, node, None)
        self._line = position.start.line if position else self._line
        self.changes += [_Change(self._line, node, new) for new in _changed(node)]
        return True


def _changed(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Assign | cst.AnnAssign) and _is_wording(node.value):
        return
    for kind, operator in OPERATORS:
        if isinstance(node, kind):
            yield from (new for new in operator(node) if _is_worth_it(node, new))


def _is_worth_it(old: cst.CSTNode, new: cst.CSTNode) -> bool:
    """Not a call that differs in what it says only, nor one that any run of it would refuse."""
    if not (isinstance(old, cst.Call) and isinstance(new, cst.Call)):
        return True
    kept = set(map(id, new.args))
    gone = [argument for argument in old.args if id(argument) not in kept]
    if any(_is_wording(arg.value) or _is_wording(arg.keyword) for arg in gone):
        return False
    positional = [arg for arg in old.args if arg.keyword is None]
    shifted = len(new.args) < len(old.args) and gone[0] in positional[:-1]
    return not shifted and not m.matches(old.func, m.Name("isinstance") | m.Name("len"))


def _is_wording(node: cst.CSTNode | None) -> bool:
    """A text with a blank in it is for people, and so is what is named after such a text."""
    if isinstance(node, cst.ConcatenatedString):
        return _is_wording(node.left) or _is_wording(node.right)
    if isinstance(node, cst.FormattedString):
        return any(_is_wording(part) for part in node.parts)
    if isinstance(node, cst.SimpleString | cst.FormattedStringText):
        return " " in node.value
    name = node.attr if isinstance(node, cst.Attribute) else node
    return isinstance(name, cst.Name) and name.value in _WORDS


def _is_about_types(node: cst.CSTNode) -> bool:
    """A docstring, `__all__`, an alias such as `Step = Write | End`, or `T = TypeVar("T")`."""
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
    if not isinstance(node, cst.Assign):
        return False
    return _ALIAS.match(cst.Module([]).code_for_node(node)) is not None
