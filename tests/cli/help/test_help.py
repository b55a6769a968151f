"""`cascade help` on a terminal, in a pipe, and for scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain

import pytest

from cascade_cli.cli.app import COMMANDS, GROUPS
from cascade_cli.cli.help.topics import CHAPTERS, read, topics
from cascade_cli.cli.terminal.session import Session
from tests.harness.commands import Answer, in_this_process
from tests.screens.terminal import Terminal, terminal

NAMES = list(chain.from_iterable(CHAPTERS.values()))
# Colours, and links with the address that they hide.
ESCAPES = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\")


@pytest.fixture(scope="module")
def screen() -> Iterator[Terminal]:
    with terminal() as shown:
        yield shown


def on_a_terminal(screen: Terminal, *words: str, columns: int = 80) -> str:
    return ESCAPES.sub("", screen.say("help", *words, columns=columns, PAGER="/nowhere/pager"))


def ask(*words: str) -> Answer:
    """cascade help, in a pipe."""
    return in_this_process(["help", *words])


@pytest.mark.parametrize("on_terminal", [True, False])
def test_the_list_has_a_line_of_each_topic(screen: Terminal, on_terminal: bool) -> None:
    text = on_a_terminal(screen) if on_terminal else ask().out
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.startswith("  ")]
    assert lines == [[topic.name, topic.title] for topic in topics()]
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_list_as_json() -> None:
    document = ask("--json").document
    assert (document["command"], document["ok"]) == ("help", True)
    assert [row["topic"] for row in document["data"]["topics"]] == NAMES
    assert document["data"]["topics"][0] == {
        "topic": "setup",
        "title": read("setup").title,
        "chapter": "Start",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_gets_a_topic_as_markdown(name: str) -> None:
    shown = ask(name)
    assert (shown.code, shown.out, shown.err) == (0, read(name).text, "")
    assert ask(name, "--json").document["data"] == {
        "topic": name,
        "title": read(name).title,
        # The keys of the sandbox are none, but they look like some.
        "text": Session().redacted(read(name).text),
    }


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("name", NAMES)
def test_a_terminal_gets_a_topic_rendered_and_no_wider_than_it_is(
    screen: Terminal, name: str, columns: int
) -> None:
    text = on_a_terminal(screen, name, columns=columns)
    lines = [line.strip() for line in text.splitlines()]
    to_copy = copied(name)
    assert to_copy <= set(lines)
    prose = [line.rstrip() for line in text.splitlines() if line.strip() not in to_copy]
    assert prose[0].startswith(f"{name}: ")
    assert max(map(len, prose)) <= min(columns, 100)
    # Nothing was cut off, no mark of Markdown is left, and no link that leads nowhere.
    assert text.count("…") == read(name).text.count("…")
    marks = re.compile(r"^#+ |\*\*|\]\(|\|---|```")
    assert [line for line in prose if marks.search(line)] == []


def copied(name: str) -> set[str]:
    """Lines that a reader may copy: they are as they are, however wide."""
    blocks = re.findall(r"^```\w+\n(.*?)^```", read(name).text, re.DOTALL | re.MULTILINE)
    return {line.strip() for block in blocks for line in block.splitlines()}


def test_a_link_says_what_to_type_on_a_terminal(screen: Terminal) -> None:
    assert "[refunds](refunds.md)" in read("gifts").text
    assert "cascade help refunds" in on_a_terminal(screen, "gifts")


def test_a_topic_goes_through_the_pager_of_the_user(screen: Terminal, tmp_path: object) -> None:
    pager = f"dd status=none of={tmp_path}/paged"
    assert screen.say("help", "times", PAGER=pager) == ""
    with open(f"{tmp_path}/paged", encoding="utf-8") as file:  # noqa: PTH123
        assert "Windows are half open" in file.read()
    with_none = screen.say("--no-pager", "help", "times", PAGER=pager)
    assert "Windows are half open" in with_none


@pytest.mark.parametrize(
    ("word", "name"),
    [
        *[("dispute", "refunds"), ("chargeback", "refunds"), ("webhook", "payment-api")],
        *[
            ("cron", "nightly"),
            ("slack", "alerts"),
            ("429", "services"),
            ("environment", "settings"),
        ],
        *[("doubtful", "kinds"), ("csv", "json"), ("excel", "credit"), ("snooze", "decisions")],
        *[("invoice", "subscriptions"), ("exit code", "exit-codes"), ("ledger", None)],
    ],
)
def test_a_topic_is_found_under_the_word_that_one_would_type(word: str, name: str | None) -> None:
    shown = ask(*word.split())
    assert (shown.out == read(name).text) if name else (shown.code == 2)


def test_an_unknown_topic_is_a_usage_error_with_names_that_are_near() -> None:
    shown = ask("refnds")
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.splitlines()[0] == "error: The manual has no topic 'refnds'."
    assert "Did you mean refunds" in shown.err
    assert "cascade help lists all topics." in shown.err
    assert "Did you mean" not in ask("xyzzy-\x1b[31m").err
    error = ask("refnds", "--json").document["error"]
    assert (error["kind"], "refunds" in error["hint"]) == ("usage", True)


@pytest.mark.parametrize("name", sorted({*COMMANDS, *GROUPS} - {*NAMES}))
def test_the_name_of_a_command_shows_its_help(name: str) -> None:
    shown = ask(name)
    assert shown.code == 0
    assert f"Usage: cascade {name} " in shown.out
    data = ask(name, "--json").document["data"]
    assert (data["topic"], data["text"]) == (name, shown.out)


def test_a_command_of_a_group_shows_its_help() -> None:
    assert "Usage: cascade journal list " in ask("journal", "list").out
    assert "Usage: cascade sandbox run-engine " in ask("sandbox", "run-engine").out
    assert ask("journal", "burn").code == 2


@pytest.mark.parametrize("name", sorted({*COMMANDS, *GROUPS} & {*NAMES}))
def test_a_topic_with_the_name_of_a_command_leads_to_its_options(name: str) -> None:
    assert f"`cascade {name} --help`" in read(name).text


def test_help_says_nothing_of_what_a_document_may_hide() -> None:
    assert json.dumps([topic.text for topic in topics()]).count("<!--") == 0
