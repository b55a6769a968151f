"""Nothing that a command prints, and no exit code, changes unseen."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.command_line import options
from tests.frozen.cases import CASES
from tests.frozen.shop import Week, seeded
from tests.frozen.snapshots import (
    COMMANDS,
    FOLDER,
    all_of_them,
    command_of,
    fresh,
    kept,
    knows_json,
    lines,
)

TYPED = [line for case in CASES for line in lines(case) if not line.startswith("#")]


@pytest.fixture(scope="package")
def week() -> Iterator[Week]:
    with seeded() as found:
        yield found


@pytest.mark.parametrize(("case", "json"), all_of_them())
def test_the_answer_is_the_one_that_is_kept(week: Week, case: str, *, json: bool) -> None:
    assert fresh(week, case, json=json) == kept(case, json=json).read_text(encoding="utf-8"), (
        f"look at it, then write it again: python -m tests.frozen.snapshots '{case}'"
    )


def test_nothing_else_is_kept() -> None:
    names = {kept(case, json=json).name for case, json in all_of_them()}
    assert {path.name for path in FOLDER.iterdir()} == names


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command_is_typed_in_a_case(name: str) -> None:
    own = [line for line in TYPED if name in (command_of(line), "cascade")]
    assert own
    typed = {word.partition("=")[0] for line in own for word in shlex.split(line)}
    if any(map(knows_json, own)):
        typed.add("--json")
    for spelling, option in options(COMMANDS[name]).items():
        assert typed & set(option.opts), spelling


def test_what_is_kept_is_of_no_machine() -> None:
    here = (tempfile.gettempdir(), str(Path(__file__).parents[2]))
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not any(f"{place}/" in text for place in here), path.name
