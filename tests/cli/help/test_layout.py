"""Each command's `--help`: examples that can be typed, options in panels, 80 columns."""

from __future__ import annotations

import re
import shlex
from functools import partial
from itertools import pairwise, takewhile

import pytest

from cascade_cli.cli.app import run
from cascade_cli.cli.terminal import options as shared_options
from tests.docs.command_line import cascade_lines, commands, options, parse
from tests.docs.documents import TOPICS

COMMANDS = {name: command for name, command in commands() if name != "cascade"}
MANY = 5


def examples(name: str) -> list[str]:
    """The lines to type."""
    head, *lines = (COMMANDS[name].epilog or "").splitlines()
    assert head == "Examples:"
    return [line.strip() for line in lines if line.startswith("  ")]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_two_or_three_examples_of_itself(name: str) -> None:
    own = name.removeprefix("cascade ")
    assert 2 <= len(set(examples(name))) == len(examples(name)) <= 3
    for line in examples(name):
        assert re.search(rf"\b{own}\b", line)
        for arguments in cascade_lines(line):
            parse(arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_topic_that_a_command_names_is_there(name: str) -> None:
    topics = re.findall(r"^More: cascade help (\S+)$", COMMANDS[name].epilog, re.MULTILINE)
    assert len(topics) == (0 if name == "cascade help" else 1)
    assert set(topics) <= set(TOPICS)


@pytest.mark.parametrize("name", COMMANDS)
def test_many_options_stand_in_panels_by_their_purpose(name: str) -> None:
    panels = {
        spelling: getattr(option, "rich_help_panel", None)
        for spelling, option in options(COMMANDS[name]).items()
    }
    known = {
        panel.keywords["rich_help_panel"]
        for panel in vars(shared_options).values()
        if isinstance(panel, partial)
    }
    assert set(panels.values()) - {None} <= known
    if len(panels) > MANY and not name.startswith("cascade sandbox "):
        assert [spelling for spelling, panel in panels.items() if panel is None] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_is_as_wide_as_the_terminal_and_breaks_no_line_that_has_room(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run([*shlex.split(name)[1:], "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert set(examples(name)) <= {line.strip() for line in lines}
    prose = [line for line in takewhile(lambda line: line[:1] != "╭", lines) if line.strip()]
    for line, after in pairwise(prose):
        if lines[lines.index(line) + 1] == after:
            assert len(line.rstrip()) + len(after.split()[0]) >= 79, (line, after)
