"""`cascade reconcile --report`, from the command line to the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from cascade_cli.adapters.journal import Journal
from cascade_cli.sandbox.wire import json_response
from cascade_cli.wiring import this_worker
from tests.cli.reconcile.report.reading import Page, page
from tests.harness.commands import ROOT, Answer, in_a_process
from tests.harness.counter import Counter


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder / "night.html"


def reconcile(counter: Counter, file: Path, *words: str) -> tuple[Answer, Page]:
    answer = counter.type("reconcile", "--report", str(file), *words)
    return answer, page(file)


def test_the_page_tells_what_the_run_found_and_the_run_ends_as_without(
    counter: Counter, file: Path
) -> None:
    counter.paid()
    plain = counter.type("reconcile")
    answer, written = reconcile(counter, file)
    assert (answer.code, answer.out, answer.err) == (3, plain.out, plain.err)
    assert "1 open: " in written.text
    assert "no stratagem was ever made for it" in written.text


def test_json_says_the_same_with_a_page_as_without(counter: Counter, file: Path) -> None:
    counter.paid()
    answer, _ = reconcile(counter, file, "--json")
    assert answer.document["warnings"] == []
    assert answer.data["counts"]["missing"] == 1


def test_when_all_is_well_the_page_says_so(counter: Counter, file: Path) -> None:
    answer, written = reconcile(counter, file)
    assert answer.code == 0
    assert "There is nothing to do" in written.text


def test_a_folder_that_is_not_there_is_found_out_before_anything_is_read(
    counter: Counter, file: Path
) -> None:
    answer = counter.type("reconcile", "--report", str(file.parent / "missing" / "night.html"))
    assert answer.code == 2
    assert "there is no folder" in answer.err
    assert counter.requests == []


def test_a_run_that_could_not_read_everything_replaces_the_page_by_one_that_judges_nothing(
    counter: Counter, file: Path
) -> None:
    counter.paid()
    reconcile(counter, file)
    senseless = json_response(200, {"neither": "records nor an error"})
    counter.sandboxed.recorder.break_from("airtable", 1, senseless)
    answer, written = reconcile(counter, file)
    assert answer.code == 5
    assert "Nothing was judged" in written.text
    assert "Not everything could be read" in written.text
    assert "missing 1" not in written.text
    assert written.named("article") == []


def test_keys_that_a_service_refuses_are_no_judgement_either(counter: Counter, file: Path) -> None:
    refused = json_response(401, {"error": {"type": "AUTHENTICATION_REQUIRED", "message": "no"}})
    counter.sandboxed.recorder.break_from("airtable", 1, refused)
    answer, written = reconcile(counter, file)
    assert answer.code == 4
    assert "Nothing was judged" in written.text


def test_since_last_the_page_tells_what_is_new_solved_and_still_open(
    counter: Counter, file: Path
) -> None:
    still, soon = counter.paid(hours_ago=6), counter.paid(hours_ago=5)
    counter.type("reconcile", "--since", "last")
    counter.sandboxed.transfer(f"cascade_payment_{soon}", counter.now())
    new = counter.paid(hours_ago=4)
    _, written = reconcile(counter, file, "--since", "last")
    assert "1 new 1 solved 1 still open" in written.text
    assert f"Solved: {soon}" in written.text
    assert still in written.text
    assert new in written.text


def test_after_a_repair_the_page_shows_what_is_true_then_and_what_was_repaired(
    counter: Counter, file: Path
) -> None:
    intent = counter.paid()
    _, written = reconcile(counter, file, "--repair", "--yes")
    assert "Nothing is open" in written.text
    assert "Repairs made in this run" in written.text
    assert ["credited", "marco", "100"] in [row[:3] for row in written.rows]
    assert f"cascade_payment_{intent}" in written.text


def test_a_dry_run_s_page_shows_what_is_true_now_and_what_a_repair_would_do(
    counter: Counter, file: Path
) -> None:
    counter.paid()
    _, written = reconcile(counter, file, "--repair", "--dry-run")
    assert "1 open: " in written.text
    assert "What a repair would do" in written.text
    assert counter.writes == []


def test_a_repair_that_is_refused_leaves_what_was_found_on_the_page(
    counter: Counter, file: Path
) -> None:
    counter.paid()
    counter.fund(1)
    answer, written = reconcile(counter, file, "--repair", "--yes", "--json")
    assert answer.code == 7
    assert answer.document["data"] is None
    assert "1 open: " in written.text
    assert "What went wrong after this was read" in written.text
    assert answer.document["error"]["message"] in written.text


def test_a_run_that_finds_another_at_work_leaves_the_page(counter: Counter, file: Path) -> None:
    counter.paid()
    reconcile(counter, file)
    before = file.read_text(encoding="utf-8")
    settings = counter.environment()
    url = f"sqlite:///{settings['CASCADE_STATE_DIR']}/other.sqlite3"
    with closing(Journal(url, this_worker("reconcile"), now=counter.now)) as journal:
        base = f"base {settings['AIRTABLE_BASE_ID']}"
        with journal.lock(base, lease=timedelta(minutes=3)):
            repair = ("reconcile", "--repair", "--yes", "--report", str(file))
            answer = counter.type(*repair, CASCADE_JOURNAL_URL=url)
    assert answer.code == 6
    assert file.read_text(encoding="utf-8") == before


def test_wrong_words_leave_the_page(counter: Counter, file: Path) -> None:
    file.write_text("before")
    answer = counter.type("reconcile", "--report", str(file), "--since", "tomorrow")
    assert (answer.code, file.read_text()) == (2, "before")


def test_a_page_that_cannot_be_written_after_all_is_a_warning_and_changes_no_verdict(
    counter: Counter, file: Path
) -> None:
    counter.paid()
    counter.sandboxed.recorder.before(1, lambda: shutil.rmtree(file.parent))
    answer = counter.type("reconcile", "--report", str(file), "--json")
    assert answer.code == 3
    (warning,) = answer.document["warnings"]
    assert "the report" in warning


def test_the_sandbox_s_page_says_that_its_sales_are_invented(tmp_path: Path) -> None:
    finished = in_a_process(tmp_path, "--sandbox", "reconcile", "--report", "week.html")
    written = page(tmp_path / "week.html")
    assert finished.code == 3
    assert "Sandbox: these sales are invented." in written.text
    assert len(written.named("article")) == 57


def test_jinja_is_not_loaded_for_a_run_without_a_page(tmp_path: Path) -> None:
    program = (
        "import sys; from cascade_cli.cli.app import run; "
        "run(['--sandbox', 'reconcile', '--json']); sys.stderr.write(str('jinja2' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "CASCADE_STATE_DIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.endswith("False")
    assert json.loads(done.stdout)["exit_code"] == 3


def test_the_nightly_line_names_the_page_wherever_it_is_started(
    counter: Counter, file: Path
) -> None:
    line = counter.type("schedule", "cron", "--report", str(file)).out
    assert f"--report {file}" in line
    unit = counter.type("schedule", "systemd", "--report", str(file)).out
    (writable,) = [part for part in unit.splitlines() if part.startswith("ReadWritePaths=")]
    assert str(file.parent) in writable


def test_a_full_standard_output_takes_nothing_from_a_run_that_was_judged(
    tmp_path: Path, file: Path
) -> None:
    metrics = file.parent / "cascade.prom"
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "cascade_cli", "--sandbox", "reconcile"),
                *("--report", str(file), "--metrics-file", str(metrics)),
            ],
            cwd=ROOT,
            env={"CASCADE_STATE_DIR": str(tmp_path), "PATH": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 5
    assert "could not be written to standard output: No space left on device" in done.stderr
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr
    assert len(page(file).named("article")) == 57
    assert "cascade_reconcile_success 1\n" in metrics.read_text(encoding="utf-8")
