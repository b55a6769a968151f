"""Ctrl-C in the middle of a credit."""

from __future__ import annotations

import shlex
import signal
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.sandbox.wire import Request, Response
from tests.harness.commands import COMMAND, Answer, environment, in_a_process
from tests.harness.sandboxed import Sandboxed

LONGEST_SECONDS = 60
PEOPLE = [f"citizen{number}" for number in range(12)]


@pytest.fixture(autouse=True)
def inhabited(sandboxed: Sandboxed) -> None:
    """The processor and some citizens live in Venice."""
    for name in ("CASCADE_PAYMENT_PROCESSOR", "marco", *PEOPLE):
        sandboxed.move_in(name, utc_now() - timedelta(days=9))


class Interrupted:
    """Runs a command, and presses Ctrl-C when it sends a request that is like `at`; that request
    is answered only when the command has ended."""

    def __init__(self, folder: Path, sandboxed: Sandboxed) -> None:
        self.folder, self.sandboxed = folder, sandboxed

    def run(self, *words: str, method: str, like: str) -> Answer:
        recorder, handle = self.sandboxed.recorder, self.sandboxed.app.handle
        started, ended = threading.Event(), threading.Event()

        def held(request: Request) -> Response:
            if request.method == method and like in f"{request.path} {request.body!r}":
                assert started.wait(LONGEST_SECONDS)
                process.send_signal(signal.SIGINT)
                ended.wait(LONGEST_SECONDS)
            return handle(request)

        recorder.answer_by(held)
        process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.folder,
            env=environment(self.folder, **self.sandboxed.environment()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.set()
        try:
            out, err = process.communicate(timeout=LONGEST_SECONDS)
        finally:
            ended.set()
            process.kill()
            recorder.answer_by(handle)
        return Answer(process.returncode, out.decode(), err.decode())

    def again(self, finished: Answer) -> Answer:
        """The line that it told to type, typed."""
        line = shlex.split(finished.err.splitlines()[-1])
        return in_a_process(self.folder, *line[1:], "--yes", **self.sandboxed.environment())

    def rows(self) -> list[tuple[str, str]]:
        """Who has a stratagem, and its status."""
        rows = self.sandboxed.app.airtable.tables.select("STRATAGEMS")
        return [(row["fields"]["TargetCitizen"], row["fields"]["Status"]) for row in rows]


@pytest.fixture
def interrupted(no_settings: Path, sandboxed: Sandboxed) -> Interrupted:
    return Interrupted(no_settings, sandboxed)


CREDIT = ("credit", "marco", "5", "--reason", "a gift", "--yes")


def test_before_the_first_write_it_says_that_nothing_was_written(interrupted: Interrupted) -> None:
    finished = interrupted.run(*CREDIT, method="GET", like="CITIZENS")
    assert finished.code == 130
    assert finished.err.splitlines()[-1] == "Interrupted: nothing was written."
    assert interrupted.rows() == []


def test_after_a_write_whose_fate_is_unknown_it_says_so_and_how_to_go_on(
    interrupted: Interrupted,
) -> None:
    finished = interrupted.run(*CREDIT, method="POST", like="STRATAGEMS")
    assert finished.code == 130
    assert "1 perhaps written: nobody can tell yet: 5 ducats to 'marco'" in finished.err
    line = finished.err.splitlines()[-1]
    assert line.startswith("  cascade credit marco 5 --reason 'a gift' --reference 2")


def test_between_two_writes_it_says_what_was_planned_and_the_line_goes_on(
    interrupted: Interrupted,
) -> None:
    """The reference that was made up stands in the line: it is the same credit, not another."""
    finished = interrupted.run(*CREDIT, method="POST", like="NOTIFICATIONS")
    assert finished.code == 130
    assert "1 on the way to Venice's engine: 5 ducats to 'marco'" in finished.err
    assert interrupted.again(finished).code == 0
    assert interrupted.rows() == [("marco", "active")]


def test_of_a_file_it_says_how_many_came_how_far(interrupted: Interrupted) -> None:
    file = interrupted.folder / "many.csv"
    rows = [f"{name},5,gift,{name}" for name in PEOPLE]
    file.write_text("\n".join(["citizen,ducats,reason,reference", *rows, ""]))
    finished = interrupted.run(
        "credit", "--file", str(file), "--yes", method="POST", like=PEOPLE[11]
    )
    assert finished.code == 130
    told = finished.err.splitlines()
    assert f"Of {len(PEOPLE)} credits:" in finished.err
    assert any(line.startswith("  10 written as planned, but not active yet") for line in told)
    assert any(line.startswith("  2 perhaps written") for line in told)
    assert told[-1] == f"  cascade credit --file {file}"
