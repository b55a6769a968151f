from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine

from tests.docs.documents import README, sections
from tests.docs.picture import PICTURE, drawn, printed

TEXT = PICTURE.read_text(encoding="utf-8")


def words(svg: str) -> list[str]:
    """What stands in the picture, with the style of each piece."""
    pieces = re.findall(r"<text class=\"([\w-]+)\"[^>]*>(.*?)</text>", svg, re.DOTALL)
    return [f"{style} {unescape(text)}" for style, text in pieces]


@pytest.mark.parametrize("hour", [0, 12])
def test_the_picture_is_what_the_command_prints_whatever_the_time_of_day(hour: int) -> None:
    with time_machine.travel(datetime(2027, 3, 28, hour, 30, tzinfo=UTC)):
        fresh = words(drawn(printed()))
    assert len(fresh) > 30
    assert words(TEXT) == fresh, "draw it again: python -m tests.docs.picture"


def test_the_picture_fetches_nothing() -> None:
    assert re.findall(r"https?://[^\"' ]+", TEXT) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"@import|@font-face|<script|url\((?!#)", TEXT) == []


def test_the_readme_shows_the_picture() -> None:
    assert f"](tests/docs/{PICTURE.name})" in sections(README)["Try it"]
