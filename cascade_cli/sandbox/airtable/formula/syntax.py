"""The grammar of formulas, and the tree that the parser builds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import LarkError, VisitError

from cascade_cli.sandbox.airtable import refusal

MAX_DEPTH = 150
"""How deeply a formula may be nested; each operator in a chain adds a level."""

_GRAMMAR = r"""
?start: expression
?expression: concatenation | expression COMPARISON concatenation -> operation
?concatenation: sum | concatenation CONCATENATE sum -> operation
?sum: product | sum (PLUS | MINUS) product -> operation
?product: unary | product MULTIPLY unary -> operation
?unary: atom | MINUS unary -> negation
?atom: "(" expression ")" | NUMBER -> number | STRING -> string | BRACED -> braced | NAME -> bare
     | NAME "(" [expression ("," expression)*] ")" -> call

COMPARISON: "!=" | "<=" | ">=" | "=" | "<" | ">"
CONCATENATE: "&"
PLUS: "+"
MINUS: "-"
MULTIPLY: "*" | "/"
NUMBER: /[0-9]+(\.[0-9]+)?/
STRING: /'([^'\\]|\\.)*'|"([^"\\]|\\.)*"/s
BRACED: /\{(\\\}|[^}])*\}/
NAME: /[^\W\d]\w*/
%ignore /\s+/
"""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


@dataclass(frozen=True)
class Literal:
    """A number or a text."""

    value: float | str
    depth: int = 1


@dataclass(frozen=True)
class FieldName:
    """A reference to a field of the row."""

    name: str
    depth: int = 1


@dataclass(frozen=True)
class FunctionCall:
    """A function or operator with its arguments; an operator's `name` is its sign."""

    name: str
    arguments: tuple[Node, ...]
    depth: int
    operator: bool = False


Node = Literal | FieldName | FunctionCall


@lru_cache(maxsize=256)
def parse(formula: str) -> Node:
    """The tree of a formula; raises Refusal if it is malformed or nested too deeply."""
    try:
        return cast(Node, _parser().parse(formula))
    except VisitError as error:
        if isinstance(error.orig_exc, refusal.Refusal):
            raise error.orig_exc from error
        raise
    except LarkError as error:
        raise refusal.invalid_formula() from error


@lru_cache(maxsize=1)
def _parser() -> Lark:
    # The tree is built while parsing, from the leaves up, so no input can exhaust the stack.
    return Lark(_GRAMMAR, parser="lalr", transformer=_TreeBuilder())


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Node]):
    def number(self, token: Token) -> Node:
        value = float(token)
        if not math.isfinite(value):
            raise refusal.invalid_formula()
        return Literal(value)

    def string(self, token: Token) -> Node:
        return Literal(_ESCAPE.sub(_unescaped, token[1:-1]))

    def braced(self, token: Token) -> Node:
        return FieldName(token[1:-1].replace("\\}", "}"))

    def bare(self, token: Token) -> Node:
        return FieldName(str(token))

    def negation(self, _sign: Token, operand: Node) -> Node:
        return _call("negate", (operand,), operator=True)

    def operation(self, left: Node, sign: Token, right: Node) -> Node:
        return _call(str(sign), (left, right), operator=True)

    def call(self, name: Token, *arguments: Node | None) -> Node:
        return _call(str(name), tuple(one for one in arguments if one is not None))


def _call(name: str, arguments: tuple[Node, ...], operator: bool = False) -> FunctionCall:
    depth = 1 + max((argument.depth for argument in arguments), default=0)
    if depth > MAX_DEPTH:
        raise refusal.invalid_formula()
    return FunctionCall(name, arguments, depth, operator)


def _unescaped(match: re.Match[str]) -> str:
    # An unknown escape keeps its backslash.
    return _ESCAPED.get(match[1], match[0])
