"""The topics of the manual: Markdown files in cascade_cli/manual, one for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import chain
from pathlib import Path

import cascade_cli

FOLDER = Path(cascade_cli.__file__).parent / "manual"
CHAPTERS = {
    "Start": (
        *("setup", "profiles", "secrets", "processor", "nightly", "alerts", "doctor"),
        "status",
    ),
    "When something is wrong": (
        *("report", "kinds", "explain", "decisions", "exit-codes", "guards"),
    ),
    "Ducats": ("credit", "refunds", "promise", "notices", "events", "journal"),
    "The shop": (
        *("selling", "gifts", "organisations", "subscriptions", "currencies"),
        *("payment-api", "python"),
    ),
    "Reference": (
        *("settings", "completion", "times", "json", "services", "costs", "speed", "testing"),
        *("sandbox", "story", "contributing"),
    ),
}
"""Each chapter's topics, in the order in which they are listed."""

_ALSO = "<!-- also: "
_LINK = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\((?!https?:)([^)\s]*)\)")


@dataclass(frozen=True)
class Topic:
    """One page. `also` are other words under which people look for it."""

    name: str
    title: str
    also: tuple[str, ...]
    body: str

    @property
    def text(self) -> str:
        """As Markdown."""
        return f"# {self.name}: {self.title}\n\n{self.body}"


def topics() -> Iterator[Topic]:
    """All of them, in the order of CHAPTERS."""
    return map(read, chain.from_iterable(CHAPTERS.values()))


@cache
def read(name: str) -> Topic:
    """The file begins with `# NAME: title`; the line below holds the other words."""
    head, also, body = (FOLDER / f"{name}.md").read_text(encoding="utf-8").split("\n", 2)
    title = head.removeprefix(f"# {name}: ")
    words = also.removeprefix(_ALSO).removesuffix(" -->").split(", ")
    return Topic(name, title, tuple(words), body.strip() + "\n")


def named(word: str) -> Topic | None:
    """The topic with exactly this name."""
    return read(word) if word in chain.from_iterable(CHAPTERS.values()) else None


def found(word: str) -> Topic | None:
    """The first topic that lists the word among its other words."""
    return next((topic for topic in topics() if word in topic.also), None)


def near(word: str, others: list[str]) -> list[str]:
    """Up to three names, of topics and of `others`, that are similar to the word, nearest first."""
    names = {other: other for other in others}
    for topic in topics():
        names |= dict.fromkeys(topic.also, topic.name)
    names |= {topic.name: topic.name for topic in topics()}
    close = get_close_matches(word, names, n=6, cutoff=0.6)
    return list(dict.fromkeys(names[match] for match in close))[:3]


def spelled_out(text: str, refer: Callable[[str], str]) -> str:
    """The Markdown without links to files. `refer` returns the words for where a topic is found."""

    def replaced(link: re.Match[str]) -> str:
        words, target = link[1], link[2].partition("#")[0]
        topic = target.removesuffix(".md")
        if "/" in target or not topic:
            return words
        return refer(topic) if words == topic else f"{words} ({refer(topic)})"

    return _LINK.sub(replaced, text)
