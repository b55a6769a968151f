"""A question at a terminal, broken off."""

from __future__ import annotations

import os
import pty
import select
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from cascade_cli.adapters.http.transport import utc_now
from tests.harness.commands import COMMAND, environment
from tests.harness.sandboxed import Sandboxed

LONGEST_SECONDS = 20


@pytest.fixture(autouse=True)
def inhabited(sandboxed: Sandboxed) -> None:
    """The processor and marco live in Venice."""
    for name in ("CASCADE_PAYMENT_PROCESSOR", "marco"):
        sandboxed.move_in(name, utc_now() - timedelta(days=9))


@contextmanager
def asked(
    folder: Path, sandboxed: Sandboxed, question: bytes = b"[y/N]"
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A credit at a terminal, at the moment of its question; and the terminal's other end."""
    ours, theirs = pty.openpty()
    words = ("credit", "marco", "5", "--reason", "gift", "--reference", "r1")
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment(folder, **sandboxed.environment()),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        _read_until(ours, question)
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read_until(terminal: int, text: bytes) -> bytes:
    said = b""
    while text not in said:
        assert select.select([terminal], [], [], LONGEST_SECONDS)[0], said
        said += os.read(terminal, 1000)
    return said


def _interrupted(process: subprocess.Popen[bytes]) -> int:
    """Its exit code after Ctrl-C. One that comes just before Python begins to read is heard when it
    has read: whoever sits there presses it again."""
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(LONGEST_SECONDS / 2)
    raise AssertionError("it went on asking")


def test_ctrl_c_at_the_question_ends_it_like_everywhere(
    no_settings: Path, sandboxed: Sandboxed
) -> None:
    with asked(no_settings, sandboxed) as (process, _terminal):
        assert _interrupted(process) == 130
    assert not sandboxed.app.airtable.tables.select("STRATAGEMS")


def test_a_question_names_the_settings_file_that_is_read(
    no_settings: Path, sandboxed: Sandboxed
) -> None:
    (no_settings / ".env").write_text("CASCADE_GRACE=20m\n")
    with asked(no_settings, sandboxed, b"? (settings: ~/.env) [y/N]") as (process, terminal):
        os.write(terminal, b"n\n")
        assert process.wait(LONGEST_SECONDS) == 7


def test_ctrl_d_at_the_question_is_a_no(no_settings: Path, sandboxed: Sandboxed) -> None:
    with asked(no_settings, sandboxed) as (process, terminal):
        os.write(terminal, b"\x04")
        assert b"you said no" in _read_until(terminal, b"no.")
        assert process.wait(LONGEST_SECONDS) == 7
    assert not sandboxed.app.airtable.tables.select("STRATAGEMS")


def test_ctrl_c_while_another_program_holds_the_journal_ends_the_wait(
    no_settings: Path, sandboxed: Sandboxed
) -> None:
    """SQLite waits in C, where Python hears of nothing: within that wait it must end all the
    same."""
    with asked(no_settings, sandboxed) as (process, terminal):
        file = sqlite3.connect(no_settings / "state" / "journal.sqlite3", isolation_level=None)
        with closing(file):
            file.execute("BEGIN EXCLUSIVE")
            os.write(terminal, b"y\n")
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            assert process.wait(3 * LONGEST_SECONDS) == 130
    assert not sandboxed.app.airtable.tables.select("STRATAGEMS")
