"""A line that cannot be read is answered with the line that was meant. Whole screens of it, and of
ids and names that nobody knows, are kept in tests/frozen (`lost_…`, `alone`)."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import typer

from cascade_cli.cli.lost.command_line import _MEANT, corrected
from tests.cli.terminal.test_processes import HEAVY, modules_after
from tests.docs.command_line import parse
from tests.harness.commands import in_this_process


def typed(line: str) -> str:
    """The line to type instead; empty where nobody can know."""
    error = corrected(shlex.split(line))
    return error.hint.partition("cascade ")[2] if error else ""


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("reconcile --sandbox", "--sandbox reconcile"),
        ("reconcile -v --since 7d -q", "-v -q reconcile --since 7d"),
        ("--sandbox journal list --env-file 'a b'", "--env-file 'a b' --sandbox journal list"),
        ("explain --env-file=x pi_1", "--env-file=x explain pi_1"),
        ("repair --dry-run", "reconcile --repair --dry-run"),
        ("-q repair", "-q reconcile --repair"),
        ("explian pi_1", "explain pi_1"),
        ("verify --against abc", "journal verify --against abc"),
        ("journal lst", "journal list"),
        ("evt_1abc", "explain evt_1abc"),
        ("cascade_payment_pi_1", "explain cascade_payment_pi_1"),
    ],
)
def test_the_line_that_was_meant_is_named_and_can_be_typed(line: str, instead: str) -> None:
    assert typed(line) == instead
    parse(shlex.split(instead))


@pytest.mark.parametrize(
    "line",
    [
        "xyzzy",
        "journal burn",
        "reconcile --kind",
        "explain -- --sandbox",
        "credit NLR 5 --reason --sandbox",
        "resolve pi_1 -r -v",
    ],
)
def test_without_a_likely_meaning_nothing_is_guessed(line: str) -> None:
    assert typed(line) == ""


@pytest.mark.parametrize("word", _MEANT)
def test_each_suggested_command_exists_and_the_typed_word_does_not(word: str) -> None:
    words = list(_MEANT[word])
    if words[0][:1] != "-" and words[0] not in {"explain", "resolve", "credit", "checkout"}:
        parse(words)
    with pytest.raises(typer.TyperException):
        parse([word])


def test_the_answer_is_wrong_usage_and_nothing_is_run(tmp_path: Path) -> None:
    answer = in_this_process(["repair", "--json"], {"CASCADE_STATE_DIR": str(tmp_path)})
    assert answer.code == 2
    assert answer.document["error"]["hint"] == "Did you mean: cascade reconcile --repair --json"
    assert list(tmp_path.iterdir()) == []


def test_cascade_alone_asks_no_service(tmp_path: Path) -> None:
    imported = modules_after(tmp_path)
    assert imported & {*HEAVY, "cascade_cli.sandbox"} == {"rich"} & imported
