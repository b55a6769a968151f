"""Reads a story from a file. For each mistake it says the line, the key, and what is allowed."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from cascade_cli.sandbox.seed.story.tables import StoryTable

Path = tuple[str | int, ...]
_SPAN = re.compile(r"(?:[0-9]{1,6}[smhdw])+")
_SPAN_PART = re.compile(r"([0-9]+)([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3650)
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\s\"'-]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*[.=]")
_MOST_SHOWN = 10


class StoryError(ValueError):
    """The file is not a story. Nothing was written."""


class _WrongValueError(Exception):
    """A value that does not fit. The message names what would fit."""


@dataclass(frozen=True)
class Places:
    """The line of each key and each table of a file."""

    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of the key. If that is not known, the line of its table."""
        known = (path[:length] for length in range(len(path), 0, -1))
        return next((self.lines[one] for one in known if one in self.lines), 1)

    def located(self, path: Path, problem: str) -> str:
        """`line 12, payment 2, ducats: problem`."""
        return ", ".join([f"line {self.line(path)}", *_words(path)]) + f": {problem}"


def read_story(text: str) -> tuple[StoryTable, Places]:
    """The story, with the lines of its keys. Raises StoryError with the first ten mistakes."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StoryError(f"it is not TOML: {error}") from None
    reader, places = _Reader(), Places(dict(_places(text)))
    content = reader.table(StoryTable, document, ())
    if reader.problems:
        problems = sorted(reader.problems, key=lambda problem: places.line(problem[0]))
        lines = [places.located(*problem) for problem in problems[:_MOST_SHOWN]]
        left = len(problems) - len(lines)
        raise StoryError("\n".join(["", *lines, *([f"and {left} more"] if left else [])]))
    return content, places


class _Reader:
    def __init__(self) -> None:
        self.problems: list[tuple[Path, str]] = []

    def table(self, kind: type[Any], document: Mapping[str, Any], path: Path) -> Any:
        """An instance of `kind`; None if a key is wrong or missing."""
        known, values, before = _hints(kind), dict[str, Any](), len(self.problems)
        for key in document.keys() - known.keys():
            near = difflib.get_close_matches(key, known, 1)
            guess = f"; did you mean {near[0]}?" if near else ""
            self.problems.append(
                ((*path, key), f"no such key{guess} There are: {', '.join(known)}")
            )
        for field in fields(kind):
            name = _key(field.name)
            if name in document:
                values[field.name] = self._value(known[name], document[name], (*path, name))
            elif field.default is MISSING and field.default_factory is MISSING:
                self.problems.append((path, f"the key {name} is missing"))
        return kind(**values) if len(self.problems) == before else None

    def _value(self, hint: Any, value: Any, path: Path) -> Any:
        tables = get_args(hint)[0] if get_origin(hint) is tuple else None
        if tables and is_dataclass(tables):
            if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
                self.problems.append((path, f"write it as tables: [[{'.'.join(_names(path))}]]"))
                return ()
            return tuple(
                self.table(tables, one, (*path, number))  # type: ignore[arg-type]
                for number, one in enumerate(value)
            )
        if is_dataclass(hint):
            if not isinstance(value, dict):
                self.problems.append((path, f"write it as a table: [{'.'.join(_names(path))}]"))
                return None
            return self.table(hint, value, path)  # type: ignore[arg-type]
        try:
            return _checked(hint, value)
        except _WrongValueError as error:
            self.problems.append((path, f"{value!r} is not {error}"))
            return None


def _checked(hint: Any, value: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _checked(next(one for one in arguments if one is not type(None)), value)
    if origin is Literal:
        _require(value in arguments, f"one of {', '.join(arguments)}")
        return value
    if origin is Annotated:
        number = _checked(arguments[0], value)
        _require(number > 0, "a number above 0")
        return number
    if origin is tuple:
        _require(
            isinstance(value, list) and all(isinstance(one, str) for one in value),
            "a list of texts",
        )
        return tuple(value)
    if origin is dict:
        whole = arguments[1] is Any or (
            isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        )
        _require(isinstance(value, dict) and whole, 'a table of texts, such as {key = "text"}')
        return value
    return _PLAIN[hint](value)


def _require(fits: bool, what: str) -> None:
    if not fits:
        raise _WrongValueError(what)


def _text(value: Any) -> str:
    _require((isinstance(value, str) and bool(value)) or value == "", "a text")
    return str(value)


def _number(value: Any) -> float:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    _require(fits, "a number")
    return float(value)


def _whole(value: Any) -> int:
    _require(
        isinstance(value, int) and not isinstance(value, bool) and value >= 0, "a whole number"
    )
    return int(value)


def _flag(value: Any) -> bool:
    _require(isinstance(value, bool), "true or false")
    return bool(value)


def _span(value: Any) -> timedelta:
    what = 'a span of time: "90s", "15m", "36h", "2d" or "1d12h", at most ten years'
    _require(isinstance(value, str) and bool(_SPAN.fullmatch(value)), what)
    span = timedelta()
    for number, unit in _SPAN_PART.findall(value):
        span += timedelta(**{_UNITS[unit]: int(number)})
    _require(span <= _LONGEST, what)
    return span


def _moment(value: Any) -> datetime:
    fits = isinstance(value, datetime) and value.tzinfo is not None
    _require(fits, "a time with its zone: 2026-11-01T08:00:00Z")
    moment: datetime = value.astimezone(UTC).replace(microsecond=0)
    return moment


_PLAIN = {
    str: _text, float: _number, int: _whole, bool: _flag, timedelta: _span, datetime: _moment,
}  # fmt: skip


def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {_key(field.name): hints[field.name] for field in fields(kind)}


def _key(name: str) -> str:
    return "class" if name == "social_class" else name


def _words(path: Path) -> Iterator[str]:
    for name, number in zip(path, (*path[1:], None), strict=True):
        if isinstance(name, str):
            yield f"{name} {number + 1}" if isinstance(number, int) else name


def _names(path: Path) -> list[str]:
    return [name for name in path if isinstance(name, str)]


def _places(text: str) -> Iterator[tuple[Path, int]]:
    """The line of each header and key, which tomllib does not tell. Skips multi-line texts."""
    counts, table, quoted = Counter[Path](), Path(), ""
    for number, line in enumerate(text.splitlines(), start=1):
        if quoted:
            quoted = "" if quoted in line else quoted
            continue
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _entered(counts, header[2].split("."), is_list=header[1] == "[[")
            yield table, number
        elif key:
            yield (*table, key[1]), number
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quoted = mark


def _entered(counts: Counter[Path], names: list[str], *, is_list: bool) -> Path:
    path = Path()
    for name in names[:-1]:
        path = (*path, name.strip())
        if counts[path]:
            path = (*path, counts[path] - 1)
    path = (*path, names[-1].strip())
    if is_list:
        counts[path] += 1
        path = (*path, counts[path] - 1)
    return path
