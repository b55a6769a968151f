"""Links between topics, put into words for a screen or a man page."""

from __future__ import annotations

import re
from collections.abc import Callable

_LINK = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\((?!https?:)([^)\s]*)\)")


def spelled_out(text: str, refer: Callable[[str], str]) -> str:
    """The Markdown without links to files. `refer` returns the words for where a topic is found."""

    def replaced(link: re.Match[str]) -> str:
        words, target = link[1], link[2].partition("#")[0]
        topic = target.removesuffix(".md")
        if "/" in target or not topic:
            return words
        return refer(topic) if words == topic else f"{words} ({refer(topic)})"

    return _LINK.sub(replaced, text)
