"""The text of a CSV file as spreadsheets write it, or a refusal in a spreadsheet user's words.

A file is read only where its bytes can mean one thing. A wrong guess could credit another citizen.
"""

from __future__ import annotations

import codecs
import re

UTF_8_MENU = (
    "In Excel: File, Save As, and as file type “CSV UTF-8 (Comma delimited)”. In LibreOffice: "
    "Save As, “Edit filter settings”, character set UTF-8."
)
# The longer ones first: one begins like another.
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
    """Nobody can tell for certain what the file's bytes mean."""


def decoded(data: bytes) -> tuple[str, str]:
    """The text, and the encoding that it was read in. Raises UndecodableError."""
    encoding = _encoding(data)
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError:
        raise UndecodableError(f"it begins as {encoding.upper()} and does not go on so") from None


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
    """Its first line has column names, whose letters are ASCII: every other byte is NUL."""
    head = data[:16]
    if head[1::2].count(0) == len(head[1::2]) and 0 not in head[::2]:
        return "utf-16-le"
    if head[::2].count(0) == len(head[::2]) and 0 not in head[1::2]:
        return "utf-16-be"
    raise UndecodableError("it is no text; a workbook has to be saved as CSV first")


def _windows(data: bytes) -> str:
    """Western Windows, if all beyond ASCII are single letters from À to ý.

    What Macintosh and DOS write for an accented letter lies mostly below À, and Greek and Russian
    words have many in a row: such files are refused. A Central European name comes out as one that
    nobody bears.
    """
    if _LETTERS.fullmatch(data) and not _MANY_IN_A_ROW.search(data):
        return WINDOWS
    raise UndecodableError("its letters with accents are in no encoding that is certain")
