"""`cascade schedule` prints what cron and systemd understand."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cascade_cli.cli.app import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose name needs quoting everywhere."""
    folder = tmp_path / "50% of $HOME's"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CASCADE_STATE_DIR", str(tmp_path / "state of things"))
    return folder


def _printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["schedule", *words]) == 0
    return capsys.readouterr().out


def test_the_cron_line_runs_the_command_in_this_folder_over_this_journal(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = _printed(capsys, "cron", "--at", "04:05", "--repair")
    assert line.startswith("5 4 * * * ")
    assert line.count("\n") == 1
    # Cron gives everything up to an unescaped % to the shell, with \% turned into %.
    command = line.removeprefix("5 4 * * * ").replace("\\%", "%")
    assert line.replace("\\%", "").count("%") == 0
    show = 'printf "%s\\n" "$PWD" "$CASCADE_STATE_DIR" "$@"'
    shown = command.replace(shlex.quote(sys.executable), f"sh -c {shlex.quote(show)}", 1)
    ran = subprocess.run(
        ["/bin/sh", "-c", shown],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.defpath},
    )
    assert ran.stdout.splitlines() == [
        str(folder),
        str(tmp_path / "state of things"),
        *["cascade_cli", "--quiet", "reconcile", "--since", "last", "--verify", "sample"],
        *["--repair", "--yes"],
    ]


def test_systemd_accepts_the_units_and_reads_the_command_back(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = _printed(capsys, "systemd")
    service, timer = text.split("# /etc/systemd/system/cascade-reconcile.timer\n")
    assert "OnCalendar=*-*-* 03:30:00" in timer
    assert "Persistent=true" in timer
    start = next(line for line in service.splitlines() if line.startswith("ExecStart="))
    assert start.endswith("-m cascade_cli --quiet reconcile --since last --verify sample")
    assert f"WorkingDirectory={folder}".replace("%", "%%") in service
    (tmp_path / "cascade-reconcile.service").write_text(service)
    (tmp_path / "cascade-reconcile.timer").write_text(timer)
    if analyze := shutil.which("systemd-analyze"):
        checked = subprocess.run(
            [analyze, "verify", "--man=no", str(tmp_path / "cascade-reconcile.timer")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "cascade-reconcile" not in checked.stderr, checked.stderr


@pytest.mark.parametrize("at", ["3:30", "24:00", "noon", "03:60", "03:30:00"])
def test_a_time_that_is_none_is_a_usage_error(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schedule", "cron", "--at", at]) == 2
    assert "Write it like 03:30" in capsys.readouterr().err


TELLING = ("--alert", "--ping", "https://watch.test/a%20b", "--metrics-file", "m/cascade.prom")


def test_the_nightly_run_tells_whom_it_is_told_to_tell(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "m").mkdir()
    line = _printed(capsys, "cron", *TELLING).replace("\\%", "%")
    words = shlex.split(line)
    assert words[words.index("sample") + 1 :] == [*TELLING[:-1], str(folder / "m" / "cascade.prom")]


def test_the_service_may_write_the_metrics_file_and_nothing_else(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "m").mkdir()
    text = _printed(capsys, "systemd", *TELLING)
    (paths,) = [line for line in text.splitlines() if line.startswith("ReadWritePaths=")]
    written = shlex.split(paths.removeprefix("ReadWritePaths=").replace("%%", "%"))
    assert written == [str(tmp_path / "state of things"), str(folder / "m")]
    assert "--ping https://watch.test/a%%20b" in text


@pytest.mark.parametrize(
    "words",
    [("--ping", "watch.test"), ("--metrics-file", "cascade.txt"), ("--metrics-file", "no/m.prom")],
)
@pytest.mark.parametrize("command", ["cron", "systemd"])
@pytest.mark.usefixtures("folder")
def test_what_every_night_would_refuse_is_refused_now(command: str, words: tuple[str, ...]) -> None:
    assert run(["schedule", command, *words]) == 2


@pytest.mark.parametrize("command", ["cron", "systemd"])
@pytest.mark.usefixtures("folder")
def test_what_was_asked_for_the_sandbox_never_becomes_a_run_on_the_live_base(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--sandbox", "schedule", command, "--repair"]) == 0
    assert " --quiet --sandbox reconcile " in capsys.readouterr().out
    monkeypatch.setenv("CASCADE_SANDBOX", "1")
    assert " --quiet --sandbox reconcile " in _printed(capsys, command, "--repair")


def _line(text: str, name: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name}=")]
    return line.removeprefix(f"{name}=")


@pytest.mark.usefixtures("folder")
def test_the_service_may_write_the_journal_that_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CASCADE_JOURNAL_URL", "sqlite:////var/lib/cascade/journal.db?timeout=9")
    written = _line(_printed(capsys, "systemd"), "ReadWritePaths")
    assert written.endswith(" /var/lib/cascade")


@pytest.mark.usefixtures("folder")
def test_a_folder_without_which_systemd_does_not_start_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["schedule", "systemd"]) == 0
    assert f"only if the folder '{tmp_path}/state of things' exists" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "private"), [("/tmp/c", "no"), (f"{Path.home()}/c", "yes")])  # noqa: S108
@pytest.mark.usefixtures("folder")
def test_what_is_kept_in_a_temporary_folder_is_not_hidden_from_the_service(
    state: str, private: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CASCADE_STATE_DIR", state)
    assert _line(_printed(capsys, "systemd"), "PrivateTmp") == private


@pytest.mark.parametrize("form", ["cron", "systemd"])
@pytest.mark.parametrize("where", ["folder", "state"])
def test_a_line_break_in_a_name_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: str,
    where: str,
) -> None:
    """A second line of a crontab would be a job of its own."""
    odd, usual = tmp_path / "odd\n* * * * * true", tmp_path / "usual"
    odd.mkdir()
    usual.mkdir()
    monkeypatch.chdir(odd if where == "folder" else usual)
    monkeypatch.setenv("CASCADE_STATE_DIR", str(odd if where == "state" else usual))
    assert run(["schedule", form]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "line break" in told.err


def test_a_backup_follows_the_run_whatever_that_came_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "backups").mkdir()
    kept = ["journal", "backup", str(folder / "backups"), "--keep", "30"]
    line = _printed(capsys, "cron", "--backup", "backups")
    run_, _, backup = line.replace("\\%", "%").partition("; ")
    assert run_.endswith("reconcile --since last --verify sample")
    assert shlex.split(backup.removesuffix("; }\n"))[-5:] == kept
    text = _printed(capsys, "systemd", "--backup", "backups").replace("%%", "%").replace("$$", "$")
    (after,) = [line for line in text.splitlines() if line.startswith("ExecStopPost=")]
    assert shlex.split(after)[-5:] == kept
    (written,) = [line for line in text.splitlines() if line.startswith("ReadWritePaths=")]
    assert str(folder / "backups") in shlex.split(written.removeprefix("ReadWritePaths="))


@pytest.mark.parametrize("command", ["cron", "systemd"])
@pytest.mark.usefixtures("folder")
def test_a_folder_of_backups_that_is_not_there_is_refused_now(command: str) -> None:
    assert run(["schedule", command, "--backup", "missing"]) == 2
