"""`sandbox serve` with services whose clocks differ from this machine's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.cli.app import run
from tests.sandbox.webhooks.test_serving import cascade_serving


def _reconciled(folder: Path) -> dict[str, Any]:
    """The envelope of `cascade --sandbox reconcile` as a process of its own."""
    words = ["--sandbox", "reconcile", "--since", "7d", "--json"]
    ended = subprocess.run(
        [sys.executable, "-m", "cascade_cli", *words],
        env={**os.environ, "CASCADE_STATE_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


@pytest.mark.parametrize(
    ("option", "hours", "told"),
    [("--clock-ahead", 3, "3h behind"), ("--clock-behind", -3, "3h ahead of")],
)
def test_reconcile_warns_of_the_clock_and_goes_by_the_services_time(
    tmp_path: Path, option: str, hours: int, told: str
) -> None:
    with cascade_serving(tmp_path, option, "3h"):
        document = _reconciled(tmp_path)
    (warning,) = document["warnings"]
    assert f"this machine's clock is {told} Airtable's and Stripe's" in warning
    until = datetime.fromisoformat(document["data"]["window"]["until"])
    expected = datetime.now(UTC) + timedelta(hours=hours)
    assert abs(until - expected) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--clock-ahead", "3"), "--clock-ahead: '3' is not a duration"),
        (("--clock-behind", "-3h"), "--clock-behind: '-3h' is not a duration"),
        (("--clock-ahead", "3h", "--clock-behind", "3h"), "exclude each other"),
        (("--clock-behind", "99999d"), "ten years at most"),
    ],
)
def test_what_is_no_such_clock_is_wrong_usage(
    no_settings: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run(["sandbox", "serve", "--port", "0", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split()), no_settings
