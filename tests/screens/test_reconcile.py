"""`reconcile` for people: one screen on a terminal, every case in a pipe or where asked for."""

from __future__ import annotations

import csv
import io
import json
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


def on_a_line(item: dict[str, str], columns: int) -> str:
    """The case's command; of one that is too wide, the story's, which ends with it."""
    whole = item["repair_command"]
    fits = len(f"  $ {whole}") <= columns
    return whole if fits else f"cascade --sandbox explain {item['payment_intent']}"


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_week_is_one_screen_verdict_first_and_the_next_command_last(
    week: Terminal, columns: int
) -> None:
    screen = rows(week.sandbox("reconcile", columns=columns), columns)
    assert len(screen) < ROWS
    assert screen[0].startswith("57 open: 18 are safe to repair, 39 need a person, 13 wait")
    assert "Next: cascade --sandbox reconcile --repair" in screen[-2] + screen[-1]


@pytest.mark.parametrize("columns", [80, 140])
def test_the_five_worst_have_one_line_and_one_command_each(
    week: Terminal, items: list[dict[str, str]], columns: int
) -> None:
    screen = rows(week.sandbox("reconcile", columns=columns), columns)
    places = [place for place, line in enumerate(screen) if line.startswith("  $ ")]
    worst = items[:5]
    assert [screen[place][4:] for place in places] == [on_a_line(item, columns) for item in worst]
    for place, item in zip(places, worst, strict=True):
        assert screen[place - 1].startswith(
            f"{item['kind'].replace('_', ' '):<15} {item['citizen']} "
        )


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


def test_a_command_that_the_screen_has_no_room_for_gives_way_to_the_story(week: Terminal) -> None:
    narrow, wide = (
        typed(week.sandbox("reconcile", "--since", "14h", columns=columns)) for columns in (60, 300)
    )
    assert any(command.startswith("cascade --sandbox credit ") for command in wide)
    assert all(len(f"  $ {command}") <= 60 for command in narrow)


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
