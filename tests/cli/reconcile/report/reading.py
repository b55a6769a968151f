"""A page taken apart: its text, its elements, its rows."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "br", "hr", "input", "base"}


class Page(HTMLParser):
    """Every element with its attributes, all text, and each table row as a list of cells."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """What is read aloud, with single spaces; no style sheet."""
        return " ".join(" ".join(self._words).split())

    @property
    def left_open(self) -> list[str]:
        """Elements that nothing closes."""
        return self._open

    def named(self, name: str) -> list[dict[str, str]]:
        """The attributes of each element of that name."""
        return [attributes for element, attributes in self.elements if element == name]

    def row(self, name: str) -> list[str]:
        """The one row that begins so."""
        (row,) = [row for row in self.rows if row[0].startswith(name)]
        return row

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self._words.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())


def page(path: Path) -> Page:
    """The page in this file."""
    return Page(path.read_text(encoding="utf-8"))
