"""README and manual taken apart: sections, tables, code, links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "cascade_cli" / "manual"
FILES = (ROOT / "README.md", *sorted(FOLDER.glob("*.md")))
TEXTS = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in FILES}
README = TEXTS["README.md"]
TOPICS = {file.stem: TEXTS[file.relative_to(ROOT).as_posix()] for file in FILES[1:]}
ALL = "\n".join(TEXTS.values())

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")


def sections(text: str) -> dict[str, str]:
    """Each heading with the text up to the next heading."""
    prose = _FENCE.sub(lambda fence: re.sub("^#", " #", fence[0], flags=re.MULTILINE), text)
    headings = list(_HEADING.finditer(prose))
    ends = [heading.start() for heading in headings[1:]] + [len(prose)]
    return {h[2]: prose[h.end() : end] for h, end in zip(headings, ends, strict=True)}


def anchors(text: str) -> set[str]:
    """What can be linked to in a document, as GitHub makes it."""
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in sections(text)}


def links(text: str) -> list[tuple[str, str]]:
    """File and anchor of each link that does not lead to the web; either may be empty."""
    targets = (target.partition("#") for target in _LINK.findall(_FENCE.sub("", text)))
    return [(file, anchor) for file, _, anchor in targets]


def rows(section: str, header: str) -> list[list[str]]:
    """The cells of the table in a section whose header line begins with this column."""
    table = section.partition(f"\n| {header} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    cells = (re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines)
    return [[cell.strip().replace(r"\|", "|") for cell in row] for row in cells]


def code(text: str) -> list[str]:
    """The spans between backticks, outside of fences."""
    return _CODE.findall(_FENCE.sub("", text))


def fences(language: str, text: str) -> list[str]:
    """The blocks fenced as this language."""
    return [block for tongue, block in _FENCE.findall(text) if tongue == language]
