"""As processes of their own, as cron and pipes run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def cascade(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `cascade` is cascade, with a sandbox in `folder`."""
    program = f'cascade() {{ "{sys.executable}" -m cascade_cli --sandbox "$@"; }}; {line}'
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "CASCADE_STATE_DIR": str(folder / "state"),
    }
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_some_days_are_replayed_once_and_the_journal_tells_of_it(tmp_path: Path) -> None:
    """The seeded days have payments that only a person may settle: hence 7, the rest is done."""
    replay = "cascade events replay --since 3d --yes --json"
    first, second = (json.loads(cascade(tmp_path, replay).stdout) for _ in range(2))
    assert (first["exit_code"], second["exit_code"]) == (7, 7)
    results = [
        {payment["payment"]: payment["result"] for payment in run["data"]["payments"]}
        for run in (first, second)
    ]
    credited = {name for name, result in results[0].items() if result == "credited"}
    assert credited
    assert results[1] == results[0] | dict.fromkeys(credited, "already")
    verified = cascade(tmp_path, "cascade journal verify")
    assert verified.returncode == 0, verified.stderr
    piped = cascade(tmp_path, "cascade journal export | head -1")
    assert (piped.returncode, piped.stderr) == (0, "")
    assert json.loads(piped.stdout)["seq"] == 1
