"""A CSV file that people keep: its rows, and what is wrong with it, line by line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from cascade_cli.domain.shop.money import parse_ducats
from cascade_cli.errors import UsageError

UTF_8_MENU = (
    "In Excel: File, Save As, and as file type “CSV UTF-8 (Comma delimited)”. In LibreOffice: "
    "Save As, “Edit filter settings”, character set UTF-8."
)
# Longer marks first: a shorter one is the beginning of a longer one.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WINDOWS = "cp1252"
# Without × and ÷, and without the bytes of UTF-16's mark.
_LETTERS = re.compile(rb"[\x00-\x7f\xc0-\xd6\xd8-\xf6\xf8-\xfd]*")
_MANY_IN_A_ROW = re.compile(rb"[\x80-\xff]{3}")


class UndecodableError(ValueError):
    """Nobody can say for certain what the file's bytes mean."""


def decoded(data: bytes) -> tuple[str, str]:
    """The text, and the encoding that it was read in. Raises UndecodableError."""
    encoding = _encoding(data)
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError:
        raise UndecodableError(f"it begins as {encoding.upper()}, but the rest is not") from None


def _encoding(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        return _unmarked_utf_16(data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _windows(data)
    return "utf-8"


def _unmarked_utf_16(data: bytes) -> str:
    """UTF-16 without a mark. Its first line has column names in ASCII letters, so every other byte
    is NUL."""
    head = data[:16]
    if head[1::2].count(0) == len(head[1::2]) and 0 not in head[::2]:
        return "utf-16-le"
    if head[::2].count(0) == len(head[::2]) and 0 not in head[1::2]:
        return "utf-16-be"
    raise UndecodableError("it is not text; a workbook has to be saved as CSV first")


def _windows(data: bytes) -> str:
    """Windows-1252, if everything beyond ASCII is single letters from À to ý.

    Macintosh and DOS write accented letters mostly as bytes below À, and Greek and Russian words
    have many such bytes in a row: those files are refused. A Central European name is misread as a
    name that nobody bears.
    """
    if _LETTERS.fullmatch(data) and not _MANY_IN_A_ROW.search(data):
        return WINDOWS
    raise UndecodableError("nobody can tell the encoding of its accented letters")


SHOWN_PROBLEMS = 10
DELIMITERS = ",;\t"

T = TypeVar("T")

_SEP_LINE = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]+")
# Three digits after a separator are thousands in one country and decimals in the next. Thousands
# never follow a single zero.
_MAY_BE_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_HAS_THOUSANDS = re.compile(r"[0-9]{1,3}([.,' \u00a0\u202f\u2019][0-9]{3})+([.,][0-9]+)?")


@dataclass(frozen=True)
class CsvRow:
    """The cells of one line by their columns. `delimiter` separates them in the file."""

    cells: Mapping[str, str]
    delimiter: str = ","

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def ducats(self, column: str) -> Decimal:
        """The cell as an amount. Raises ValueError if it is not one, or could mean two."""
        text = self[column]
        is_local = self.delimiter != ","
        if is_local and _MAY_BE_THOUSANDS.fullmatch(text):
            digits = re.sub("[.,]", "", text)
            decimal = text.replace(",", ".")
            raise ValueError(f"{text!r} may mean {digits} or {decimal}: write {digits} or {text}0")
        if is_local and _DECIMAL_COMMA.fullmatch(text):
            return parse_ducats(text.replace(",", "."))
        try:
            return parse_ducats(text)
        except ValueError as error:
            hint = ": write it without separators" if _HAS_THOUSANDS.fullmatch(text) else ""
            raise ValueError(f"{error}{hint}") from None


def read_rows(
    path: Path,
    columns: Sequence[str],
    parse: Callable[[CsvRow], T],
    untouched: str,
    warn: Callable[[str], None],
) -> tuple[list[T], list[str]]:
    """What `parse` makes of the rows, in file order; and for each row for which it raises
    ValueError or UsageError, the message with the number of the line.

    `warn` is told how a file that is not in Unicode was read. Raises UsageError, with `untouched`
    as its hint, if the file cannot be read or has other columns.
    """
    rows: list[T] = []
    problems: list[str] = []
    for number, row in _rows(path, columns, untouched, warn):
        try:
            rows.append(parse(row if isinstance(row, CsvRow) else _uneven()))
        except (ValueError, UsageError) as error:
            problems.append(f"line {number}: {error}")
    return rows, problems


def _uneven() -> CsvRow:
    raise ValueError("it has too many or too few cells")


def refusal(path: Path, what: str, problems: Sequence[str], hint: str) -> UsageError:
    """The error that nothing in the file was done, with the first problems."""
    shown = problems[:SHOWN_PROBLEMS]
    more = f" (and {len(problems) - len(shown)} more)" if len(problems) > len(shown) else ""
    return UsageError(f"Nothing in {path} was {what}: {'; '.join(shown)}{more}.", hint)


def _rows(
    path: Path, columns: Sequence[str], untouched: str, warn: Callable[[str], None]
) -> Iterator[tuple[int, CsvRow | None]]:
    """Each row that is not empty, with its line; None for a row that does not fit the columns."""
    try:
        text, encoding = decoded(path.read_bytes())
        delimiter, lines = _lines(text, columns)
        if delimiter is None:
            raise UsageError(
                f"{path} does not begin with the columns {', '.join(columns)}.",
                f"{untouched} Put these names into its first line, with commas, semicolons or "
                "tabs between them.",
            )
        for number, cells in lines:
            yield number, _row(cells, columns, delimiter)
    except UndecodableError as error:
        raise UsageError(f"{path} cannot be read: {error}.", f"{untouched} {UTF_8_MENU}") from None
    except (OSError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read: {reason}.", untouched) from error
    if encoding == WINDOWS:
        words = (word for word in re.split(rf"[{DELIMITERS}\r\n]", text) if not word.isascii())
        warn(
            f"{path} is not in UTF-8 and was read as Windows-1252, for instance {next(words)!r}. "
            "If that is wrong, save it as CSV UTF-8"
        )


def _row(cells: list[str], columns: Sequence[str], delimiter: str) -> CsvRow | None:
    named, others = cells[: len(columns)], cells[len(columns) :]
    if len(named) < len(columns) or any(others):
        return None
    return CsvRow(dict(zip(columns, named, strict=True)), delimiter)


def _lines(text: str, columns: Sequence[str]) -> tuple[str | None, Iterator[tuple[int, list[str]]]]:
    """The delimiter, and the lines after the header. None if the first line is not the header with
    any delimiter."""
    said = _SEP_LINE.match(text)
    if said:
        text = text[said.end() :]
    for delimiter in DELIMITERS if said is None else said[1]:
        lines = _parsed(text, delimiter, 1 if said else 0)
        try:
            _, first = next(lines, (0, []))
        except csv.Error:
            continue
        if _without_empty_ends(first) == list(columns):
            return delimiter, lines
    return None, iter(())


def _parsed(text: str, delimiter: str, before: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    for cells in reader:
        if any(cells):
            yield before + number, cells
        number = reader.line_num + 1


def _without_empty_ends(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells
