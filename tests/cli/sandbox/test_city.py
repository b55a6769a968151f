"""Commands that let something happen in the sandbox's Venice, typed one after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import state_path
from tests.cli.terminal.conftest import Cascade


@pytest.fixture
def seeded(cascade: Cascade) -> Cascade:
    assert cascade("sandbox", "seed", "--scenario", "quiet", "--payments", "40").code == 0
    return cascade


@contextmanager
def opened(folder: Path) -> Iterator[SandboxApp]:
    with closing(SandboxApp(state_path(folder / "state"))) as app:
        yield app


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    with opened(folder) as app:
        return app.airtable.tables.select(table)


def of(folder: Path, table: str, field: str, value: str) -> list[dict[str, Any]]:
    return [row for row in rows(folder, table) if row["fields"].get(field) == value]


def test_a_citizen_comes_is_renamed_goes_and_comes_anew(
    cascade: Cascade, no_settings: Path
) -> None:
    def typed(*words: str) -> dict[str, Any]:
        ended = cascade("sandbox", "citizen", *words, "--json")
        assert ended.code == 0
        data: dict[str, Any] = ended.document["data"]
        return data

    first = typed("add", "anna", "--ducats", "7.5", "--class", "Nobili")
    assert typed("rename", "anna", "Anna'B")["record_id"] == first["record_id"]
    (anna,) = of(no_settings, "CITIZENS", "Username", "Anna'B")
    assert (anna["fields"]["Ducats"], anna["fields"]["SocialClass"]) == (7.5, "Nobili")
    assert typed("remove", "Anna'B")["record_id"] == first["record_id"]
    assert typed("add", "Anna'B")["record_id"] != first["record_id"]


def test_a_stipend_is_paid_on_command(cascade: Cascade, no_settings: Path) -> None:
    cascade("sandbox", "citizen", "add", "elena", "--class", "Innovatori")
    ended = cascade("sandbox", "citizen", "stipend")
    assert ended.out == "1 Innovatori got 3,000 ducats each.\n"
    assert rows(no_settings, "CITIZENS")[0]["fields"]["Ducats"] == 3000


@pytest.mark.parametrize(
    "words",
    [
        ("add",), ("remove",), ("rename", "anna"), ("add", "anna", "bruno"), ("stipend", "anna"),
        ("marry", "anna"), ("remove", "anna"), ("rename", "anna", "bruno"),
    ],
)  # fmt: skip
def test_unclear_words_and_wrong_names_are_refused(
    cascade: Cascade, no_settings: Path, words: tuple[str, ...]
) -> None:
    ended = cascade("sandbox", "citizen", *words)
    assert (ended.code, ended.out) == (2, "")
    assert "othing was changed" in ended.err
    assert rows(no_settings, "CITIZENS") == []


def test_a_run_killed_after_the_balances_leaves_a_row_that_is_paid_again(
    seeded: Cascade, no_settings: Path
) -> None:
    ended = seeded("sandbox", "run-engine", "--kill-after", "balances", "--json")
    name = ended.document["data"]["killed_at"]
    (row,) = of(no_settings, "STRATAGEMS", "StratagemId", name)
    assert (row["fields"]["Status"], "ExecutedAt" in row["fields"]) == ("active", False)
    again = seeded("sandbox", "run-engine", "--only", name, "--json")
    assert again.document["data"] == {"executed": [name], "failed": [], "killed_at": None}


def test_a_kill_is_told_and_so_is_one_that_never_came(seeded: Cascade) -> None:
    killed = seeded("sandbox", "run-engine", "--kill-after", "payer")
    assert "between the two balances" in killed.out
    seeded("sandbox", "run-engine")
    spared = seeded("sandbox", "run-engine", "--kill-after", "status")
    assert "It was not killed: no stratagem got that far." in spared.out
    assert seeded("sandbox", "run-engine", "--kill-after", "lunch").code == 2


def test_by_default_the_base_refuses_the_engines_notices(
    seeded: Cascade, no_settings: Path
) -> None:
    seeded("sandbox", "run-engine")
    types = {row["fields"]["Type"] for row in rows(no_settings, "NOTIFICATIONS")}
    assert "stratagem_complete" not in types


def test_with_its_own_layout_the_engines_notices_arrive(
    cascade: Cascade, no_settings: Path
) -> None:
    options = ("--scenario", "quiet", "--payments", "40", "--engine-notices")
    cascade("sandbox", "seed", *options)
    before = len(rows(no_settings, "NOTIFICATIONS"))
    ran = cascade("sandbox", "run-engine", "--json").document["data"]
    assert len(rows(no_settings, "NOTIFICATIONS")) == before + 2 * len(ran["executed"])
    assert before > 0
    assert ran["executed"]
