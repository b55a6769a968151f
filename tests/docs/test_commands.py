from __future__ import annotations

import inspect
import re
from itertools import takewhile

import pytest
import typer

from cascade_cli.cli import app
from tests.docs.command_line import cascade_lines, commands, groups, options, parse
from tests.docs.documents import ALL, README, TEXTS, code, fences

COMMANDS = dict(commands())
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")
# Options of pip, crontab, pytest and man, and of the project's own tests.
OTHER_PROGRAMS = {"-e", "-m", "-n", "-k", "-M", "--mutants", "--no-compile", "--sample", "--trace"}


def test_the_two_commands_stand_alone_on_a_line_near_the_top() -> None:
    top = README.splitlines()[:60]
    assert "pip install . && cascade --sandbox reconcile --since 7d" in top
    assert 'pip install -e ".[dev]" && pytest' in top


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named_in_a_document(name: str) -> None:
    assert re.search(rf"(?:`|^){name}\b", re.sub(" --sandbox", "", ALL), re.MULTILINE)


def test_what_the_help_lists_is_what_each_command_says_of_itself() -> None:
    for name, summary in app.COMMANDS.items():
        assert inspect.cleandoc(app.declared(name).__doc__).split("\n\n")[0] == summary


@pytest.mark.parametrize("path", TEXTS)
def test_a_document_names_no_option_that_no_command_has(path: str) -> None:
    known = {spelling for command in COMMANDS.values() for spelling in options(command)}
    named = {o for span in code(TEXTS[path]) for o in OPTION.findall(span)}
    assert named - known - OTHER_PROGRAMS <= {"--help", "-h"}


@pytest.mark.parametrize("path", TEXTS)
def test_a_document_names_no_command_that_does_not_exist(path: str) -> None:
    known = {*COMMANDS, *groups()}
    for span in code(TEXTS[path]):
        if span.startswith("cascade "):
            words = span.removeprefix("cascade --sandbox ").removeprefix("cascade ").split()
            own = list(takewhile(re.compile("[a-z][a-z-]*").fullmatch, words))
            assert _command_in(own, known), (path, span)


def _command_in(words: list[str], known: set[str]) -> bool:
    """Whether they begin with a whole command; a group alone may be named, but with no other."""
    full, group = " ".join(["cascade", *words[:2]]), " ".join(["cascade", *words[:1]])
    return full in known or (group in known and (group in COMMANDS or len(words) < 2))


def test_the_documents_name_commands_and_options() -> None:
    assert _command_in(["journal", "verify"], {"cascade journal verify"})
    assert not _command_in(["journal", "burn"], {"cascade journal", "cascade journal verify"})
    assert len([span for span in code(ALL) if span.startswith("cascade ")]) > 100


@pytest.mark.parametrize(
    "arguments", [a for block in fences("sh", ALL) for a in cascade_lines(block)], ids=" ".join
)
def test_a_command_line_of_a_document_is_one_that_cascade_accepts(arguments: list[str]) -> None:
    parse(arguments)


def test_the_parser_used_here_refuses_what_cascade_would_refuse() -> None:
    for line in ("reconcile --sinc 7d", "sandbox", "sandbox seed --payments many", "repair"):
        with pytest.raises(typer.TyperException):
            parse(line.split())
