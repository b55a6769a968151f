"""Shorten what a service said to one line of an error message.

An answer can have any size and contain secrets: a list of payments has their client secrets. Of a
body that makes no sense, we show only its size, its type and the first words of a web page.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

MOST_CHARACTERS = 300
_MOST_WORDS = 60
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")


def one_line(text: str) -> str:
    """A service's own message on one line, cut after MOST_CHARACTERS."""
    line = _SPACE.sub(" ", text).strip()
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}…"


def body_described(body: bytes, content_type: str) -> str:
    """The body's size and type, and the first words if it is a web page: `25,140 bytes of
    text/html: 502 Bad Gateway`. Nothing else of the body is shown."""
    if not body.strip():
        return "an empty body"
    media = _SPACE.sub("", content_type.partition(";")[0])[:_MOST_WORDS] or "no stated type"
    told = f"{len(body):,} bytes of {media}"
    words = _words_of_page(body)
    return f"{told}: {words}" if words else told


class _Words(HTMLParser):
    """Collects a page's text, without scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's
        self._silent = tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def _words_of_page(body: bytes) -> str:
    """The first words of a web page. Empty for any other body, which may hold secrets."""
    if not body.lstrip().startswith(b"<"):
        return ""
    page = _Words()
    page.feed(body[:2000].decode("utf-8", "replace"))
    return _SPACE.sub(" ", " ".join(page.words)).strip()[:_MOST_WORDS].rstrip()
