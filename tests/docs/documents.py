"""The project's README taken apart: sections, tables, code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

# Commands of versions to come may be named here and nowhere else.
COMES_LATER = "Comes later"

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


def sections(text: str = TEXT) -> dict[str, str]:
    """Each heading of the second or third level with the text up to the next heading."""
    prose = _FENCE.sub(lambda fence: re.sub("^#", " #", fence[0], flags=re.MULTILINE), text)
    headings = list(_HEADING.finditer(prose))
    ends = [heading.start() for heading in headings[1:]] + [len(prose)]
    return {h[2]: prose[h.end() : end] for h, end in zip(headings, ends, strict=True)}


def of_today(text: str = TEXT) -> str:
    """All but the section about what comes later."""
    return text.replace(sections(text).get(COMES_LATER, "\0"), "")


def rows(section: str, header: str) -> list[list[str]]:
    """The cells of the table in a section whose header line begins with this column."""
    table = section.partition(f"\n| {header} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    cells = (re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines)
    return [[cell.strip().replace(r"\|", "|") for cell in row] for row in cells]


def code(text: str) -> list[str]:
    """The spans between backticks, outside of fences."""
    return _CODE.findall(_FENCE.sub("", text))


def fences(language: str, text: str = TEXT) -> list[str]:
    """The blocks fenced as this language."""
    return [block for tongue, block in _FENCE.findall(text) if tongue == language]
