"""Converts Markdown to roff, the language of man pages. Covers what the manual uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Characters that roff would take for an instruction, or show as another character.
_ESCAPES = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
)
_FONTS = {
    **{"strong_open": r"\fB", "em_open": r"\fI"},
    **dict.fromkeys(("strong_close", "em_close"), r"\fR"),
}


def roff(markdown: str) -> str:
    """The Markdown as roff. The first-level heading is left out: a man page has its own title."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return "\n".join(_Body(tokens).lines()) + "\n"


def escaped(text: str) -> str:
    """Plain text as roff shows it."""
    return _no_instruction(text.translate(_ESCAPES))


def _no_instruction(text: str) -> str:
    """roff takes a line that begins with a full stop for an instruction."""
    return re.sub(r"^(?=\.)", r"\\&", text, flags=re.MULTILINE)


def bold(text: str) -> str:
    """Plain text in bold."""
    return rf"\fB{escaped(text)}\fR"


def verbatim(text: str) -> Iterator[str]:
    """Lines that are neither filled nor indented by roff's own rules."""
    yield from (".PP", ".RS 4", ".nf", escaped(text.rstrip()), ".fi", ".RE")


def inline(token: Token) -> str:
    """One run of text with its fonts."""
    return _no_instruction("".join(map(_piece, token.children or [])))


def _piece(token: Token) -> str:
    if token.type == "code_inline":
        return bold(token.content)
    if token.type == "softbreak":
        return "\n"
    return _FONTS.get(token.type, "") or token.content.translate(_ESCAPES)


class _Body:
    """Walks through the blocks once."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = list(tokens)
        self._marks: list[str] = []
        """The mark of the next item, for each list that is open."""
        self._mark = ""
        """The mark of the next paragraph."""

    def lines(self) -> Iterator[str]:
        for at, token in enumerate(self._tokens):
            yield from self._block(at, token)

    def _block(self, at: int, token: Token) -> Iterator[str]:
        match token.type:
            case "heading_open" if token.tag != "h1":
                yield f'{".SH" if token.tag == "h2" else ".SS"} "{inline(self._tokens[at + 1])}"'
            case "paragraph_open":
                yield from self._paragraph(self._tokens[at + 1])
            case "fence":
                yield from verbatim(token.content)
            case "table_open":
                yield from _table(self._tokens[at:])
            case "bullet_list_open" | "ordered_list_open":
                if self._marks:
                    yield ".RS"
                self._marks.append(r"\(bu 2" if token.type.startswith("bullet") else "{} 4")
            case "bullet_list_close" | "ordered_list_close":
                self._marks.pop()
                self._mark = '"" 2' if self._marks else ""
                yield ".RE" if self._marks else ".PP"
            case "list_item_open":
                self._mark = self._marks[-1].format(f"{token.info}.")
            case _:
                pass

    def _paragraph(self, token: Token) -> Iterator[str]:
        yield f".IP {self._mark}" if self._mark else ".PP"
        self._mark = '"" 2' if self._marks else ""
        yield inline(token)


def _table(tokens: Sequence[Token]) -> Iterator[str]:
    """Row by row: the first cell as a heading, the others below it, each after its column's name.

    Columns side by side would be too narrow to read.
    """
    end = next(at for at, token in enumerate(tokens) if token.type == "table_close")
    heads = [inline(tokens[i + 1]) for i in range(end) if tokens[i].type == "th_open"]
    cells = [inline(tokens[i + 1]) for i in range(end) if tokens[i].type == "td_open"]
    for start in range(0, len(cells), len(heads)):
        first, *others = cells[start : start + len(heads)]
        yield from (".PP", first, ".RS 4")
        for head, cell in zip(heads[1:], others, strict=True):
            if cell:
                yield ".br"
                yield f"\\fI{head}:\\fR {cell}" if len(heads) > 2 else cell  # noqa: PLR2004
        yield ".RE"
