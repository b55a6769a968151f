"""`cascade help --man`: the same manual as man pages."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cascade_cli.cli.app import run
from cascade_cli.cli.help.man import pages
from cascade_cli.cli.help.roff import roff
from cascade_cli.cli.help.topics import Topic, topics
from tests.docs.command_line import commands, groups, options
from tests.docs.documents import code, fences

PAGES = {f"{name}.{section}": text for name, section, text in pages()}
COMMANDS = dict(commands())
GROFF = shutil.which("groff")


def plain(text: str) -> str:
    """What a reader sees of a page, its fonts and escapes taken away."""
    for escape, character in {r"\(aq": "'", r"\(ga": "`", r"\(dq": '"', r"\-": "-"}.items():
        text = text.replace(escape, character)
    return re.sub(r"\\f[BIR]|\\&", "", text).replace(r"\(ti", "~").replace(r"\e", "\\")


def test_there_is_a_page_of_each_command_and_each_topic() -> None:
    of_commands = {f"{name.replace(' ', '-')}.1" for name in {*COMMANDS, *groups()}}
    assert set(PAGES) == of_commands | {f"cascade-{topic.name}.7" for topic in topics()}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_page_tells_its_options(name: str) -> None:
    page = plain(PAGES[f"{name.replace(' ', '-')}.1"])
    for spelling, option in options(COMMANDS[name]).items():
        assert re.search(rf"(^|, ){spelling}\b", page, re.MULTILINE)
        assert (option.help or "") in page


@pytest.mark.parametrize("topic", [*topics()], ids=lambda topic: topic.name)
def test_a_topic_s_page_tells_all_that_the_topic_tells(topic: Topic) -> None:
    text, page = topic.text, plain(PAGES[f"cascade-{topic.name}.7"])
    assert {span for span in code(text) if span not in page} == set()
    for language in ("sh", "text", "toml", "python", "csv"):
        for block in fences(language, text):
            assert block.rstrip() in page
    # The names of columns say nothing where columns do not stand side by side.
    text = re.sub(r"^\|.*\n(?=\|---)", "", text, flags=re.MULTILINE)
    words = re.sub(r"`[^`\n]+`|```.*?```|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    assert set(re.findall(r"[a-z]{4,}", words)) <= set(re.findall(r"[a-z]{4,}", page))


@pytest.mark.skipif(GROFF is None, reason="there is no groff to read man pages")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_read_by_groff_without_a_warning(page: str) -> None:
    command = ["groff", "-man", "-ww", "-k", "-Tutf8", "-rLL=80n"]
    done = subprocess.run(command, input=PAGES[page].encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"CASCADE" in done.stdout


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("A `-b` *c* **d**\nand e", ".PP\nA \\fB\\-b\\fR \\fIc\\fR \\fBd\\fR\nand e\n"),
        (".env is 'a'", ".PP\n\\&.env is \\(aqa\\(aq\n"),
        ("# name: title\n\n## More\n\n### Most", '.SH "More"\n.SS "Most"\n'),
        ("- a\n- b\n\nc", ".IP \\(bu 2\na\n.IP \\(bu 2\nb\n.PP\n.PP\nc\n"),
        ("1. a\n2. b", ".IP 1. 4\na\n.IP 2. 4\nb\n.PP\n"),
        ("```sh\n.a\n\\b\n```", ".PP\n.RS 4\n.nf\n\\&.a\n\\eb\n.fi\n.RE\n"),
        ("| k | v |\n|---|---|\n| a | b |", ".PP\na\n.RS 4\n.br\nb\n.RE\n"),
        (
            "| k | v | w |\n|---|---|---|\n| a | b | |",
            ".PP\na\n.RS 4\n.br\n\\fIv:\\fR b\n.RE\n",
        ),
    ],
)
def test_markdown_as_roff(markdown: str, expected: str) -> None:
    assert roff(markdown) == expected


def test_the_pages_are_written_where_man_looks_for_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "share" / "man"
    assert run(["help", "--man", str(folder)]) == 0
    assert f"Wrote {len(PAGES)} man pages." in capsys.readouterr().out
    written = {file.name: file.read_text() for file in folder.glob("man[17]/*")}
    assert written == PAGES


def test_the_printed_command_names_a_folder_as_a_shell_takes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my pages; $HOME\x1b[31m"
    assert run(["help", "--man", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    words = shlex.split(printed.partition("Read one: ")[2])
    assert words[:2] == ["man", "-M"]
    assert words[2].startswith(f"{tmp_path}/my pages; $HOME")


def test_a_folder_that_cannot_be_written_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["help", "--man", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert run(["help", "refunds", "--man", str(tmp_path)]) == 2
