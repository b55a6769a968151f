"""`reconcile` for people: one screen on a terminal, every case in a pipe or where asked for."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pytest
from rich.text import Text

from tests.screens.terminal import Terminal, terminal

ROWS = 24


def rows(told: str, columns: int) -> list[str]:
    """What stands on a terminal of that width, which folds what is wider."""
    lines = Text.from_ansi(told).plain.splitlines()
    return [line[at : at + columns] for line in lines for at in range(0, len(line) or 1, columns)]


def typed(told: str) -> list[str]:
    """The commands on lines of their own."""
    return [line[4:] for line in told.splitlines() if line.startswith("  $ ")]


@pytest.fixture(scope="module")
def items(week: Terminal) -> list[dict[str, str]]:
    """Every discrepancy of the week, from --csv."""
    told = week.say("--sandbox", "reconcile", "--csv", piped=True)
    return list(csv.DictReader(io.StringIO(told)))


def closes(printed: str, item: dict[str, str]) -> bool:
    """Whether it is the case's own command, whatever reason it has."""
    own, typed = (shlex.split(line) for line in (item["repair_command"], printed))
    reason = ("--reason", "-r")
    return [word for word in own[:-1] if word not in reason] == [
        word for word in typed[:-1] if word not in reason
    ]


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_week_is_one_screen_verdict_first_and_the_next_command_last(
    week: Terminal, columns: int
) -> None:
    screen = rows(week.sandbox("reconcile", columns=columns), columns)
    assert len(screen) < ROWS
    assert screen[0].startswith("57 open: 18 are safe to repair, 39 need a person. 13 more")
    assert "Next: cascade --sandbox reconcile --repair" in screen[-2] + screen[-1]


@pytest.mark.parametrize(("columns", "number"), [(60, 3), (80, 5), (140, 5)])
def test_the_worst_have_one_line_each_and_the_command_that_closes_them(
    week: Terminal, items: list[dict[str, str]], columns: int, number: int
) -> None:
    """With every kind at once, 60 columns have room for three of them."""
    told = Text.from_ansi(week.sandbox("reconcile", columns=columns)).plain.splitlines()
    places = [place for place, line in enumerate(told) if line.startswith("  $ ")]
    assert len(places) == number
    for place, item in zip(places, items[:5], strict=False):
        kind, begin = item["kind"].replace("_", " "), item["citizen"][:14]
        assert closes(told[place][4:], item), told[place]
        assert told[place - 1].startswith(f"{kind:<15} {begin}")


def test_at_80_columns_each_command_has_one_row(week: Terminal) -> None:
    commands = typed(week.sandbox("reconcile"))
    assert len(commands) == 5
    assert all(len(f"  $ {command}") <= 80 for command in commands)
    assert any(" -r " in command for command in commands)


def test_what_is_to_be_typed_is_one_line_however_narrow_the_terminal(
    week: Terminal, items: list[dict[str, str]]
) -> None:
    """Only the terminal itself folds it: copied, it is whole."""
    first = typed(week.sandbox("reconcile", columns=60))[0]
    assert len(first) > 60
    assert first == items[0]["repair_command"]


def test_a_printed_line_closes_its_case(items: list[dict[str, str]]) -> None:
    with terminal() as shop:
        line = typed(shop.sandbox("reconcile"))[0]
        assert shlex.split(line)[-2:] == ["-r", "owed"]
        assert closes(line, items[0])
        shop.say(*shlex.split(line)[1:], "--yes", piped=True)
        told = shop.say("--sandbox", "reconcile", "--csv", piped=True)
        after = [row["repair_command"] for row in csv.DictReader(io.StringIO(told))]
    assert items[0]["repair_command"] not in after


def test_any_number_of_cases_is_one_screen() -> None:
    with terminal() as shop:
        shop.sandbox("sandbox", "seed", "--scenario", "large", "--payments", "900")
        for columns in (60, 80, 140):
            screen = rows(shop.sandbox("reconcile", columns=columns), columns)
            assert len(screen) < ROWS
            assert int(screen[0].split()[0]) > 200


def test_where_nothing_is_open_the_screen_says_so() -> None:
    with terminal() as shop:
        shop.sandbox("sandbox", "seed", "--scenario", "quiet")
        screen = rows(shop.sandbox("reconcile"), 80)
        assert screen[0].startswith("Nothing is open: ")
        assert screen[-1] == "Nothing to do: every charge is settled or in flight."


def test_the_next_command_looks_at_the_same_payments(week: Terminal) -> None:
    told = week.sandbox("reconcile", "--since", "5d", "--grace", "20m")
    assert "Next: cascade --sandbox reconcile --repair --since 5d --grace 20m" in told


def test_a_pipe_has_every_discrepancy_with_its_own_command(
    week: Terminal, items: list[dict[str, str]]
) -> None:
    told = week.say("--sandbox", "reconcile", piped=True)
    assert typed(told) == [item["repair_command"] for item in items]
    assert "\x1b" not in told


def test_kind_citizen_and_limit_choose_what_is_listed(
    week: Terminal, items: list[dict[str, str]]
) -> None:
    orphans = [item for item in items if item["kind"] == "orphan"]
    refunded = [item for item in items if item["kind"] == "refunded"]

    def listed(*options: str) -> list[str]:
        return typed(week.say("--no-pager", "--sandbox", "reconcile", *options))

    assert listed("--kind", "orphan") == [item["repair_command"] for item in orphans]
    both = listed("--kind", "orphan", "--kind", "refunded", "--limit", "6")
    assert (
        both
        == [item["repair_command"] for item in items if item in orphans or item in refunded][:6]
    )
    whom = orphans[0]["citizen"]
    assert listed("--citizen", whom) == [
        item["repair_command"] for item in items if item["citizen"] == whom
    ]


def test_json_and_csv_choose_too_and_count_everything(week: Terminal) -> None:
    words = ("--sandbox", "reconcile", "--kind", "wrong-citizen", "--limit", "2")
    data = json.loads(week.say(*words, "--json", piped=True))["data"]
    assert [item["kind"] for item in data["items"]] == ["wrong_citizen"] * 2
    assert data["counts"]["wrong_citizen"] == 3
    assert data["counts"]["missing"] == 5
    assert week.say(*words, "--csv", piped=True).count("\n") == 3


def test_what_is_settled_is_listed_where_it_is_asked_for(week: Terminal) -> None:
    told = week.say("--sandbox", "reconcile", "--kind", "settled", "--json", piped=True)
    assert {item["kind"] for item in json.loads(told)["data"]["items"]} == {"settled"}


def test_a_list_on_a_terminal_goes_through_the_users_pager(week: Terminal, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    pager = tmp_path / "pager"
    pager.write_text(f'#!/bin/sh\necho "$LESS" > {seen}\ncat >> {seen}\n')
    pager.chmod(0o755)
    words = ("reconcile", "--all")
    assert week.say("--sandbox", *words, PAGER=str(pager)) == ""
    options, first, *_ = seen.read_text().splitlines()
    assert options == "FRX"
    assert "57 open: " in first
    seen.unlink()
    for piped, quiet in ((True, ()), (False, ("--no-pager",))):
        assert "57 open: " in week.say(*quiet, "--sandbox", *words, piped=piped, PAGER=str(pager))
    assert "57 open: " in week.say("--sandbox", "reconcile", PAGER=str(pager))
    assert not seen.exists()


def test_without_a_pager_the_list_is_printed(week: Terminal) -> None:
    assert "57 open: " in week.say("--sandbox", "reconcile", "--all", PAGER="/nowhere/less")
