"""bash, zsh and fish on a real terminal, with cascade's completion and nothing of the machine's."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from tests.harness.commands import ROOT
from tests.harness.terminal import Terminal

LONGEST_SECONDS = 30
PROMPT = "ready>"
_OPTIONS = {
    "bash": ("--noprofile", "--rcfile", "{rc}", "-i"),
    "zsh": ("--no-globalrcs", "-i"),
    "fish": ("--no-config", "-i", "-C", "source {rc}"),
}
_WORDS = "words() { printf '%s\\n' \"$@\" > ~/words; }"
_FIRST = {
    "bash": f"PS1='{PROMPT} '\n{_WORDS}",
    "zsh": f"PS1='{PROMPT} '\n{_WORDS}\nautoload -U compinit; compinit -u",
    "fish": f"function fish_prompt; echo -n '{PROMPT} '; end\n"
    "function words; printf '%s\\n' $argv > ~/words; end",
}


class Shell(Terminal):
    """In `home`, whose journals it completes from."""

    def __init__(self, name: str, home: Path, **settings: str) -> None:
        self.home, self.name = home, name
        program = shutil.which(name)
        if not program:
            pytest.skip(f"{name} is not installed")
        script = files("cascade_cli.cli.completion").joinpath(f"cascade.{name}").read_text("utf-8")
        rc = home / ".zshrc"
        rc.write_text(f"{_FIRST[name]}\n{script}", encoding="utf-8")
        environment = {
            "PATH": f"{_folder_of_cascade(home)}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "CASCADE_STATE_DIR": str(home / "state"),
            **settings,
        }
        options = [word.format(rc=rc) for word in _OPTIONS[name]]
        super().__init__([program, *options], environment, home, 40, 120)
        self.until(PROMPT)

    def types(self, keys: str, then: str) -> None:
        """Keys, and the line that stands at the cursor afterwards."""
        self.process.send(keys)
        self.until_line(lambda line: line == then)

    def until_line(self, is_there: Callable[[str], bool]) -> None:
        """Wait until the line at the cursor is so."""
        end = time.monotonic() + LONGEST_SECONDS
        while not is_there(self.line):
            assert time.monotonic() < end, "\n".join(self.lines)
            self._read()

    @property
    def line(self) -> str:
        """What was typed, with what was completed."""
        line = self.lines[self.screen.cursor.y]
        return line.removeprefix(PROMPT).strip() if line.startswith(PROMPT) else "(no prompt)"

    def last_word(self) -> str:
        """The last word of the line as a program gets it; the line is empty then."""
        written = self.home / "words"
        written.unlink(missing_ok=True)
        self.types("\x01words \r", "")
        return written.read_text(encoding="utf-8").split("\n")[-2]


def _folder_of_cascade(home: Path) -> Path:
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "cascade"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m cascade_cli "$@"\n')
    program.chmod(0o755)
    return folder
