"""Compiles a formula's tree into Python functions of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import cast

from cascade_cli.sandbox.airtable import refusal
from cascade_cli.sandbox.airtable.formula import dates
from cascade_cli.sandbox.airtable.formula.functions import FUNCTIONS, OPERATORS, Function
from cascade_cli.sandbox.airtable.formula.syntax import FieldName, FunctionCall, Literal, Node
from cascade_cli.sandbox.airtable.formula.values import EvaluationError, Value, instant, truth
from cascade_cli.sandbox.airtable.rows import Row
from cascade_cli.sandbox.airtable.schema import Field, Table

Evaluate = Callable[[Row], Value]

_TEXTS = frozenset({"singleLineText", "multilineText", "singleSelect"})
_READ_FROM_ROW: dict[str, Evaluate] = {
    "RECORD_ID": lambda row: row.id,
    "CREATED_TIME": lambda row: instant(row.created),
    "LAST_MODIFIED_TIME": lambda row: instant(row.modified),
}


def compile_formula(tree: Node, table: Table, now: datetime) -> list[Evaluate]:
    """Functions of a row of the table as of `now`; a row matches if all of them are true.

    Each argument of a top-level AND becomes a function of its own, the shortest first. An error
    counts as false, so the first function decides most rows, and the longer ones are skipped.
    Raises Refusal for unknown names and wrong numbers of arguments.
    """
    unknown = dict.fromkeys(name for name in _fields_of(tree) if name not in table.by_name)
    if unknown:
        raise refusal.invalid_formula(f"Unknown field names: {', '.join(unknown).lower()}")
    compiler = _Compiler(table, now)
    if isinstance(tree, FunctionCall) and tree.name.upper() == "AND" and tree.arguments:
        tests = [(_size(each), compiler.compile(each)) for each in tree.arguments]
        return [test for _, test in sorted(tests, key=itemgetter(0))]
    return [compiler.compile(tree)]


@dataclass(frozen=True)
class _Constant:
    """A function of a row that is the same for every row."""

    value: Value

    def __call__(self, _: Row) -> Value:
        return self.value


class _Compiler:
    def __init__(self, table: Table, now: datetime) -> None:
        self._table = table
        self._now = now

    def compile(self, node: Node) -> Evaluate:
        if isinstance(node, Literal):
            return _Constant(node.value)
        if isinstance(node, FieldName):
            return _field(self._table.by_name[node.name])
        if node.operator:
            return self._equality(node) or self._applied(OPERATORS[node.name], node)
        return self._call(node)

    def _call(self, node: FunctionCall) -> Evaluate:
        name = node.name.upper()
        if name in _READ_FROM_ROW:
            _check_count(node, 0, 0)
            return _READ_FROM_ROW[name]
        if name in {"NOW", "TODAY"}:
            _check_count(node, 0, 0)
            return _Constant(self._now if name == "NOW" else dates.midnight(self._now))
        if name == "IF":
            return self._if(node)
        if name not in FUNCTIONS:
            raise refusal.invalid_formula(f"Unknown function names: {node.name}")
        lookup = self._lookup(node) if name == "OR" else None
        return lookup or self._applied(FUNCTIONS[name], node)

    def _applied(self, function: Function, node: FunctionCall) -> Evaluate:
        _check_count(node, function.least, function.most)
        arguments = [self.compile(argument) for argument in node.arguments]
        for index, check in function.checks:
            if index < len(arguments) and isinstance(arguments[index], _Constant):
                check(_constant_text(arguments[index]))
        evaluate = _application(function.call, arguments)
        if not all(isinstance(argument, _Constant) for argument in arguments):
            return evaluate
        return _folded(evaluate)

    def _if(self, node: FunctionCall) -> Evaluate:
        _check_count(node, 2, 3)
        condition, then, *rest = (self.compile(argument) for argument in node.arguments)
        otherwise = rest[0] if rest else _Constant(None)
        return lambda row: then(row) if truth(condition(row)) else otherwise(row)

    def _equality(self, node: FunctionCall) -> Evaluate | None:
        """`{F}='a'` as a comparison of texts, or None for any other operator or operands."""
        pair = _key_and_text(node)
        read = self._text_of(pair[0]) if pair else None
        if pair is None or read is None:
            return None
        wanted = pair[1]
        return lambda row: read(row) == wanted

    def _lookup(self, node: FunctionCall) -> Evaluate | None:
        """`OR({F}='a', {F}='b', …)` as one lookup in a set, or None for any other OR."""
        pairs = [_key_and_text(argument) for argument in node.arguments]
        keys = {pair[0] for pair in pairs if pair}
        if len(keys) != 1 or None in pairs:
            return None
        read = self._text_of(keys.pop())
        wanted = frozenset(pair[1] for pair in pairs if pair)
        return (lambda row: read(row) in wanted) if read else None

    def _text_of(self, key: Node) -> Callable[[Row], str] | None:
        if isinstance(key, FieldName):
            field = self._table.by_name[key.name]
            id = field.id
            return (lambda row: row.cells.get(id, "")) if field.type in _TEXTS else None
        if not isinstance(key, FunctionCall) or key.operator:
            return None
        if key.name.upper() == "RECORD_ID" and not key.arguments:
            return lambda row: row.id
        if key.name.upper() == "LOWER" and len(key.arguments) == 1:
            read = self._text_of(key.arguments[0])
            return (lambda row: read(row).lower()) if read else None
        return None


def _fields_of(tree: Node) -> list[str]:
    if isinstance(tree, FieldName):
        return [tree.name]
    if isinstance(tree, Literal):
        return []
    return [name for argument in tree.arguments for name in _fields_of(argument)]


def _size(tree: Node) -> int:
    return 1 + sum(map(_size, tree.arguments)) if isinstance(tree, FunctionCall) else 1


def _field(field: Field) -> Evaluate:
    id = field.id
    if field.type == "createdTime":
        return _READ_FROM_ROW["CREATED_TIME"]
    if field.type == "lastModifiedTime":
        return _READ_FROM_ROW["LAST_MODIFIED_TIME"]
    if field.type == "dateTime":
        return lambda row: instant(row.cells[id]) if id in row.cells else None
    return lambda row: cast(Value, row.cells.get(id))


def _check_count(node: FunctionCall, least: int, most: int) -> None:
    if not least <= len(node.arguments) <= most:
        raise refusal.invalid_formula()


def _application(call: Callable[..., Value], arguments: list[Evaluate]) -> Evaluate:
    match arguments:
        case [only]:
            return lambda row: call(only(row))
        case [left, right]:
            return lambda row: call(left(row), right(row))
        case _:
            return lambda row: call(*[argument(row) for argument in arguments])


def _folded(evaluate: Evaluate) -> Evaluate:
    """Evaluate a function of constants now. If it fails, it must fail only for rows that use it."""
    try:
        return _Constant(evaluate(_NO_ROW))
    except EvaluationError:
        return evaluate


def _constant_text(argument: Evaluate) -> str:
    return str(cast(_Constant, argument).value)


def _key_and_text(node: Node) -> tuple[Node, str] | None:
    if not isinstance(node, FunctionCall) or node.name != "=" or not node.operator:
        return None
    key, literal = node.arguments
    if isinstance(literal, Literal) and isinstance(literal.value, str):
        return key, literal.value
    return None


_NO_ROW = Row("", "", "", 0, {})
