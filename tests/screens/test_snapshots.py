from __future__ import annotations

import re

import pytest

from tests.screens.snapshots import FOLDER, all_of_them, drawn, kept
from tests.screens.terminal import Terminal

# Commands and ids are never folded, so that they can be copied whole.
_TO_COPY = re.compile(r"cascade --sandbox |\w{25,}")


@pytest.mark.parametrize(("name", "columns"), list(all_of_them()))
def test_the_screen_is_the_one_that_is_kept(week: Terminal, name: str, columns: int) -> None:
    fresh = drawn(week, name, columns)
    assert fresh == kept(name, columns).read_text(encoding="utf-8"), (
        "look at it, then draw it again: python -m tests.screens.snapshots"
    )
    prose = (line for line in fresh.splitlines() if not _TO_COPY.search(line))
    assert all(len(line) <= columns for line in prose)


def test_nothing_else_is_kept() -> None:
    names = {kept(name, columns).name for name, columns in all_of_them()}
    assert {path.name for path in FOLDER.iterdir()} == names
