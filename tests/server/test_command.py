"""`cascade serve` as a command: what it needs, and how it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import requests

from cascade_cli.cli.app import run
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection, state_path
from cascade_cli.sandbox.server import SandboxServer
from tests.server.conftest import WEBHOOK, eventually
from tests.server.events import signature
from tests.server.load import prepare
from tests.server.processes import ROOT, inbox_at, process

SETTINGS = Connection("http://127.0.0.1:9").settings()


@pytest.fixture
def settings(no_settings: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {**SETTINGS, "CASCADE_STATE_DIR": str(no_settings)}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("settings")
def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["serve"]) == 4
    assert "pip install 'cascade-cli[server]'" in capsys.readouterr().err


@pytest.mark.parametrize("secret", ["", ","])
def test_without_a_signing_secret_it_does_not_start(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    settings.setenv("STRIPE_WEBHOOK_SECRET", secret)
    assert run(["serve"]) == 4
    assert "anybody could send events" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CASCADE_API_TOKEN", "x" * 15),
        ("STRIPE_WEBHOOK_SECRET", "whsec_too_short"),
        ("STRIPE_WEBHOOK_SECRET", f"whsec_{'long' * 8},whsec_short"),
        ("STRIPE_ENDPOINT_SECRET", "whsec_too_short"),
    ],
)
def test_what_is_too_short_to_be_a_secret_does_not_open_a_server(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    if name == "STRIPE_ENDPOINT_SECRET":
        settings.delenv("STRIPE_WEBHOOK_SECRET")
    settings.setenv(name, value)
    assert run(["serve"]) == 4
    told = capsys.readouterr().err
    assert "can be guessed" in told
    assert value not in told


def test_the_sandboxs_own_secrets_open_no_server_that_asks_stripe(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.delenv("STRIPE_API_BASE")
    assert run(["serve"]) == 4
    assert "STRIPE_WEBHOOK_SECRET has 13 characters" in capsys.readouterr().err


@pytest.mark.usefixtures("settings")
def test_a_port_in_use_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "Cannot listen on" in capsys.readouterr().err


def test_the_help_imports_nothing_of_the_server() -> None:
    code = (
        "import sys; from cascade_cli.cli.app import run; run(['serve', '--help'])\n"
        "late = {'fastapi', 'starlette', 'uvicorn', 'prometheus_client', 'stripe'}\n"
        "sys.exit(len(late & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_sigterm_finishes_the_batch_in_hand(tmp_path: Path) -> None:
    bodies = prepare(tmp_path, 20)
    journal = f"sqlite:///{tmp_path}/journal.sqlite3"
    path = state_path(tmp_path)
    with (
        closing(SandboxApp(path, latency_seconds=0.1)) as app,
        SandboxServer(app.handle) as sandbox,
    ):
        settings = {
            **Connection(sandbox.url).settings(),
            "CASCADE_AIRTABLE_RATE": "0",
            "CASCADE_STATE_DIR": str(tmp_path),
            "CASCADE_JOURNAL_URL": journal,
        }
        with process("serve", "--port", "0", settings=settings) as server:
            for body in bodies:
                headers = {"Stripe-Signature": signature(body)}
                requests.post(server.url + WEBHOOK, data=body, headers=headers, timeout=10)
            eventually(lambda: bool(app.airtable.tables.select("STRATAGEMS")))
            assert server.stop() == 0, server.said()
        rows = [row["fields"]["Status"] for row in app.airtable.tables.select("STRATAGEMS")]
    with inbox_at(journal) as inbox:
        assert rows == ["active"] * inbox.counts()[EventState.CREDITED]
