"""`doctor` counts what is fine, and tells last what is wrong."""

from __future__ import annotations

import json
import re

import pytest
from rich.text import Text

from tests.screens.terminal import Terminal


@pytest.fixture(scope="module")
def checks(week: Terminal) -> list[dict[str, str]]:
    told = week.say("--sandbox", "doctor", "--json", piped=True)
    found: list[dict[str, str]] = json.loads(told)["data"]["checks"]
    return found


def test_what_is_fine_is_counted_and_what_is_wrong_comes_last(
    week: Terminal, checks: list[dict[str, str]]
) -> None:
    told = week.sandbox("doctor")
    fine = [check for check in checks if check["level"] == "green"]
    assert f"{len(fine)} fine: Settings " in told
    assert re.search(r"^(\x1b\[\d+m)?ok ", told, re.MULTILINE) is None
    assert -1 < told.index("fine: ") < told.index("AMBER") < told.index("RED")
    assert "1 red, 1 amber" in told.splitlines()[-1]


def test_verbose_tells_what_is_fine_before_what_is_wrong(
    week: Terminal, checks: list[dict[str, str]]
) -> None:
    told = week.sandbox("-v", "doctor")
    for check in checks:
        assert check["name"].split()[0] in told
    assert told.rindex("ok  ") < told.index("AMBER")


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_command_in_an_advice_is_not_folded(week: Terminal, columns: int) -> None:
    told = Text.from_ansi(week.say("--sandbox", "doctor", columns=columns)).plain
    assert re.search(r"^ +cascade --sandbox reconcile --since 30d *$", told, re.MULTILINE)


def test_where_it_is_narrow_a_name_begins_what_is_told_of_it(week: Terminal) -> None:
    narrow, wide = (
        Text.from_ansi(week.sandbox("doctor", columns=columns)).plain for columns in (80, 140)
    )
    assert "RED    its transfers: 18 in 30 days" in narrow
    assert "RED    its transfers           18 in 30 days" in wide
