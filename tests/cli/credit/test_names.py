"""Whatever a name or a reference looks like: exactly that citizen, or a clear refusal."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cascade_cli.cli.credit.run import COLUMNS
from tests.harness.counter import Counter

AWKWARD = [
    "D'Alviano",
    'the "Duke"',
    "{Username}",
    "a{b}c",
    "back\\slash",
    "trailing\\",
    "'\\'",
    "two\nlines",
    "tab\there",
    "carriage\rreturn",
    "',TRUE(),'",
    "') OR ('1'='1",
    "\u202eOCRAM",
    "\u200bmarco",
    "Niccolò_Grimani",
    "zoë🦁",
    "שלום",
    "marco,lucia",
    "%27",
    "RECORD_ID()",
    "-dash",
    " marco",
    "marco ",
    "[red]x[/]",
    "ß",
]


def test_citizens_of_such_names_get_exactly_what_is_theirs(
    counter: Counter, tmp_path: Path
) -> None:
    counter.move_in(*AWKWARD)
    due = {name: number for number, name in enumerate(AWKWARD, start=1)}
    file = tmp_path / "credits.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        rows = [(name, ducats, f"for {name}", f"r{ducats}") for name, ducats in due.items()]
        csv.writer(lines).writerows([COLUMNS, *rows])
    assert counter.type("credit", "--file", str(file), "--yes").code == 0
    assert counter.sandboxed.app.engine.run().failed == []
    balances = {row["Username"]: row.get("Ducats") for row in counter.rows("CITIZENS")}
    assert {name: balances[name] for name in AWKWARD} == due
    assert balances["marco"] == balances["lucia"] == 0


@pytest.mark.parametrize("name", ["'\\'", "two\nlines", "-dash", "\u202eOCRAM", "') OR ('1'='1"])
def test_a_name_of_the_command_line_means_that_citizen(counter: Counter, name: str) -> None:
    counter.move_in(name)
    answer = counter.type("credit", "--reason", name, "--yes", "--", name, "5")
    assert answer.code == 0, answer.err
    (row,) = counter.rows()
    assert row["TargetCitizen"] == name


@pytest.mark.parametrize(
    "name",
    [
        *("{Username}", "',TRUE(),'", "') OR ('1'='1", "RECORD_ID()", "\\"),
        *("\u200bmarco", "marco\n", "MARCO", "marc", "marco\u200e", "mаrco"),
    ],
)
def test_a_name_that_nobody_bears_is_refused(counter: Counter, name: str) -> None:
    answer = counter.type("credit", "--reason", "gift", "--yes", "--", name, "5")
    assert answer.code == 7
    assert "Venice has no citizen" in answer.err
    assert not counter.writes


@pytest.mark.parametrize("name", ["Marco", "marko", "marco_", " marco"])
def test_a_name_that_is_nearly_right_brings_a_suggestion(counter: Counter, name: str) -> None:
    assert "Did you mean 'marco'" in counter.credit(name, "5").err


@pytest.mark.parametrize(
    "name", ["", "   ", "\n", "x" * 10_000, "half\udc80", "nul\0"], ids=lambda name: repr(name[:6])
)
def test_a_name_that_no_record_can_hold_is_refused_without_a_request(
    counter: Counter, name: str
) -> None:
    answer = counter.credit(name, "5")
    assert (answer.code, len(counter.requests)) == (2, 0)
    assert "citizen" in answer.err
    assert len(answer.err) < 300


@pytest.mark.parametrize("reason", ["", " \t", "x" * 10_000, "half\udc80"])
def test_a_reason_that_no_record_can_hold_is_refused_without_a_request(
    counter: Counter, reason: str
) -> None:
    answer = counter.type("credit", "marco", "5", "--reason", reason, "--yes")
    assert (answer.code, len(counter.requests)) == (2, 0)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "two words",
        "quote'",
        'quote"',
        "brace}",
        "back\\slash",
        "two\nlines",
        "ends\n",
        "\u202eflip",
        "é",
        "x" * 201,
        "x" * 10_000,
    ],
    ids=lambda reference: repr(reference[:8]),
)
def test_a_reference_that_is_no_key_is_refused_without_a_request(
    counter: Counter, reference: str
) -> None:
    answer = counter.credit("marco", "5", "--reference", reference)
    assert (answer.code, len(counter.requests)) == (2, 0)
    assert "1 to 200 letters, digits" in answer.err


def test_references_that_differ_in_case_are_two_credits(counter: Counter) -> None:
    assert counter.credit("marco", "5", "--reference", "Gift").code == 0
    assert counter.credit("lucia", "5", "--reference", "gift").code == 0
    keys = {row["StratagemId"] for row in counter.rows()}
    assert keys == {"cascade_manual_Gift", "cascade_manual_gift"}


def test_what_could_act_on_the_terminal_is_shown_spelt_out(counter: Counter) -> None:
    counter.move_in("\x1b[31m\u202ered")
    answer = counter.credit("\x1b[31m\u202ered", "5")
    assert answer.code == 0
    assert "\x1b" not in answer.out + answer.err
    assert "\u202e" not in answer.out + answer.err
