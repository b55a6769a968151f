from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import typer

from cascade_cli.cli import app
from tests.docs import readme
from tests.docs.command_line import cascade_lines, commands, groups, options, parse

COMMANDS = dict(commands())
HEADINGS = [name.strip("`") for name in readme.sections() if name.startswith("`cascade")]
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")
# Options of pip and crontab, and of the simulation.
OTHER_PROGRAMS = {"-e", "-m", "--mutants", "--sample", "--trace"}


def test_the_two_commands_stand_alone_on_a_line_near_the_top() -> None:
    top = readme.TEXT.splitlines()[:60]
    assert "pip install . && cascade --sandbox reconcile --since 7d" in top
    assert 'pip install -e ".[dev]" && pytest' in top


def test_every_command_has_a_section_and_every_such_section_a_command() -> None:
    assert sorted(HEADINGS) == sorted(COMMANDS)


def test_what_the_help_lists_is_what_each_command_says_of_itself() -> None:
    for name, summary in app.COMMANDS.items():
        assert inspect.cleandoc(app.declared(name).__doc__).split("\n\n")[0] == summary
    for name, summary in app.GROUPS.items():
        assert app.declared(name).info.help == summary


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_table_has_exactly_its_options(name: str) -> None:
    documented = [o for row in _table(name) for o in OPTION.findall(row[0])]
    assert sorted(documented) == sorted(options(COMMANDS[name]))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_table_has_the_defaults_of_the_code(name: str) -> None:
    known = options(COMMANDS[name])
    for row in _table(name):
        default = known[OPTION.findall(row[0])[0]].default
        if default is False:
            assert row[1] == "off", row
        elif default is not None:
            assert row[1] == f"`{default}`", row


def _table(name: str) -> list[list[str]]:
    return readme.rows(readme.sections()[f"`{name}`"], "option")


def test_the_readme_names_no_option_that_no_command_has() -> None:
    known = {spelling for command in COMMANDS.values() for spelling in options(command)}
    named = {o for span in readme.code(readme.of_today()) for o in OPTION.findall(span)}
    assert named - known - OTHER_PROGRAMS <= {"--help", "-h"}


def test_the_readme_names_no_command_that_does_not_exist() -> None:
    known = {*COMMANDS, *groups()}
    spans = [span for span in readme.code(readme.of_today()) if span.startswith("cascade ")]
    assert spans
    for span in spans:
        words = [word for word in span.split() if re.fullmatch("[a-z][a-z-]*", word)]
        assert " ".join(words) in known, span


@pytest.mark.parametrize(
    "arguments", [a for block in readme.fences("sh") for a in cascade_lines(block)], ids=" ".join
)
def test_a_command_line_of_the_readme_is_one_that_cascade_accepts(arguments: list[str]) -> None:
    parse(arguments)


def test_the_parser_used_here_refuses_what_cascade_would_refuse() -> None:
    for line in ("reconcile --sinc 7d", "sandbox", "sandbox seed --payments many", "repair"):
        with pytest.raises(typer.TyperException):
            parse(line.split())


def test_what_comes_later_is_not_there_yet() -> None:
    section = readme.sections().get(readme.COMES_LATER, "")
    for span in readme.code(section):
        if span.startswith("cascade ") and span not in COMMANDS:
            with pytest.raises(typer.TyperException):
                parse(span.split()[1:])


def test_every_file_that_the_readme_links_to_is_there() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", readme.TEXT)
    assert [t for t in targets if not Path(readme.ROOT, t).is_file()] == []
