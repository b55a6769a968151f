"""Whatever comes from outside is shown as text and does nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime

import pytest
from rich.cells import cell_len

from tests.cli.terminal.conftest import Cascade
from tests.harness.sandboxed import Sandboxed

ESCAPE = "\x1b"
HOSTILE = {
    "markup": "[red]x[/]",
    "unbalanced markup": "[/]",
    "link": "[link=http://evil.example]x[/link]",
    "colour": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "eight-bit": "\x9b31m",
    "line break": "a\nb\r\nc",
    "right to left": "\u202etxt.exe",
    "zero width": "a\u200bb",
    "emoji code": ":skull:",
    "long": "x" * 300,
    "wide": "漢字" * 40,
    "formula": "=HYPERLINK(0)",
    "quotes": "'\"`$(id)",
}


@pytest.fixture(autouse=True)
def hostile(sandboxed: Sandboxed, recently: datetime) -> None:
    """Each name stands wherever a name can stand, on both sides."""
    sandboxed.move_in("marco", recently)
    for name in HOSTILE.values():
        sandboxed.pay(recently, name)
        delivered = sandboxed.pay(recently)
        sandboxed.transfer(f"cascade_payment_{delivered['payment_intent']}", recently, name)
        sandboxed.transfer(name, recently, name)
        failed = sandboxed.pay(recently)
        notes = json.dumps({"amount": 100}) + f"\n[ERROR] Receiver {name} not found."
        key = f"cascade_payment_{failed['payment_intent']}"
        sandboxed.transfer(key, recently, Status="failed", Notes=notes)


@pytest.mark.parametrize("colour", [{}, {"FORCE_COLOR": "1"}])
def test_nothing_of_it_reaches_the_terminal_raw(cascade: Cascade, colour: dict[str, str]) -> None:
    finished = cascade("reconcile", **colour)
    assert finished.code == 3
    plain = re.sub(r"\x1b\[[0-9;]*m", "", finished.out)
    unseen = [c for c in plain if not c.isprintable() and c != "\n"]
    assert unseen == []
    assert "\x1b[31mred" not in finished.out


def test_without_a_terminal_there_is_no_escape_code_at_all(cascade: Cascade) -> None:
    assert ESCAPE not in cascade("reconcile").out


def test_nothing_but_commands_is_wider_than_eighty_columns(cascade: Cascade) -> None:
    lines = cascade("reconcile").out.splitlines()
    assert [line for line in lines if cell_len(line) > 80 and not line.startswith("  $ ")] == []


def test_every_command_stands_on_one_line(cascade: Cascade) -> None:
    out = cascade("reconcile").out
    commands = [line for line in out.splitlines() if line.startswith("  $ ")]
    assert len(commands) == 4 * len(HOSTILE)
    assert all(line.startswith("  $ cascade ") for line in commands)


def test_every_name_is_told_to_the_letter_in_json(cascade: Cascade) -> None:
    items = cascade("reconcile", "--json").document["data"]["items"]
    assert set(HOSTILE.values()) <= {item["citizen"] for item in items}


def test_each_item_is_one_line_of_csv(cascade: Cascade) -> None:
    finished = cascade("reconcile", "--csv")
    assert len(finished.out.splitlines()) == 1 + 4 * len(HOSTILE)
    rows = list(csv.DictReader(io.StringIO(finished.out)))
    assert {len(row) for row in rows} == {20}


def test_no_cell_of_the_csv_is_a_formula(cascade: Cascade) -> None:
    rows = csv.reader(io.StringIO(cascade("reconcile", "--csv").out))
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))] == []
    assert [cell for cell in cells if not cell.isprintable()] == []


@pytest.mark.parametrize(
    "start",
    [
        "=1+1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20A",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
    ],
)
def test_a_formula_is_marked_as_text(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime, start: str
) -> None:
    sandboxed.pay(recently, start + "formula")
    rows = csv.DictReader(io.StringIO(cascade("reconcile", "--csv").out))
    (cell,) = [row["citizen"] for row in rows if row["citizen"].endswith("formula")]
    assert cell[0] in "'\\"
