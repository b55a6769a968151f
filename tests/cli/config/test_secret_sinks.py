"""Secrets from every source, at every place where something could keep or show them: a bundle, what
-v and a traceback say, the last error, the list of processes with their environments, and Tab."""

from __future__ import annotations

import os
import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from cascade_cli.cli.completion.answer import answer
from cascade_cli.cli.terminal.session import Outcome, Session, run_command
from tests.cli.config.test_secret_sources import SOURCES, Given, given
from tests.cli.terminal.conftest import manual_clock
from tests.harness import desktop_keyring
from tests.harness.commands import COMMAND, Answer, changed, ended, environment

__all__ = ["given", "manual_clock"]

SECRETS = {
    "STRIPE_SECRET_KEY": "rk_test_Hq3sinkStripe",
    "AIRTABLE_API_KEY": "patHq3sinkAirtable",
    "STRIPE_WEBHOOK_SECRET": "whsec_Hq3sinkWebhook",
    "VENICE_API_KEY": "Hq3sinkVeniceWordsAlone",
    "CASCADE_API_TOKEN": "Hq3sink-token-of-the-api",
    "CASCADE_JOURNAL_URL": "postgresql://anna:Hq3sinkJournal@127.0.0.1:9/x",
}
MARK = "Hq3sink"
"""In each of them, and nowhere else on this machine."""
TABS = ("cascade explain ", "cascade --profile ", "cascade --profile lido credit ")


@pytest.fixture
def hidden(given: Given, request: pytest.FixtureRequest) -> Given:
    """A profile whose secrets all come from one sort of source; the last one that is fetched is
    printed by a command, which writes down all processes and their environments."""
    for name, secret in SECRETS.items():
        SOURCES[request.param](given, name, secret)
    snoop = given.machine.home / "snoop"
    seen = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ > seen 2>/dev/null"
    snoop.write_text(f"cd {given.machine.home}; {seen}; echo json://h/t")
    given.settings["CASCADE_ALERT_URLS_COMMAND"] = f"sh {snoop}"
    given.settings["CASCADE_STATE_DIR"] = str(given.machine.state)
    given.machine.state.mkdir(parents=True)
    shop = changed(given.sandboxed.environment(), **dict.fromkeys(SECRETS))
    given.machine.write("lido", {**shop, **given.settings})
    return given


def marked(*texts: str) -> list[str]:
    """Where a secret stands, with what is around it."""
    places = ((text, found.start()) for text in texts for found in re.finditer(MARK, text))
    return [text[max(at - 30, 0) : at + 20] for text, at in places]


@pytest.mark.parametrize("hidden", SOURCES, indirect=True)
def test_no_secret_of_any_source_gets_anywhere(
    hidden: Given, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, state = hidden.machine.home, hidden.machine.state
    for name, value in hidden.machine.places.items():
        monkeypatch.setenv(name, value)
    assert _unforeseen() == 1
    bug = capsys.readouterr()
    assert "RuntimeError: " in bug.err
    checked = _in_a_process(home, "-v", "config", "check", "--json")
    assert checked.code == 0, checked.err
    processes = (home / "seen").read_bytes().decode("latin-1")
    assert "config\0check" in processes
    shown = hidden.machine.typed(
        *("-v", "--profile", "lido", "doctor", "--bundle", "report.zip", "--yes")
    )
    assert shown.code == 0, shown.err
    with ZipFile(home / "report.zip") as archive:
        bundle = "\n".join(archive.read(name).decode() for name in archive.namelist())
    assert '"command": "credit"' in bundle
    kept = [path.read_bytes().decode("latin-1") for path in state.rglob("*") if path.is_file()]
    assert any("RuntimeError" in text for text in kept)
    said = "".join(f"{each.out}{each.err}" for each in (bug, checked, shown))
    tabs = [answer("zsh", {**os.environ, "_CASCADE_LINE": line}) for line in TABS]
    assert marked(bundle, processes, said, *kept, *tabs) == []


def _unforeseen() -> int:
    """An error that nobody foresaw, with all secrets in its text."""

    def work(session: Session) -> Outcome:
        values, problems = session.found.fetched()
        assert {*SECRETS} <= {*values}, problems
        raise RuntimeError(" ".join(values.values()))

    return run_command(Session(profile="lido", verbose=True), "credit", work)


def _in_a_process(home: Path, *words: str) -> Answer:
    """Whose environment has where the secrets are, and none of them."""
    places = {name: os.environ[name] for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    sources = {name: os.environ[name] for name in ("CREDENTIALS_DIRECTORY", "KEYRING_FILE")}
    keyring = {"PYTHON_KEYRING_BACKEND": desktop_keyring.NAME}
    around = {**environment(home), **places, **sources, **keyring, "CASCADE_PROFILE": "lido"}
    del around["CASCADE_STATE_DIR"]
    return ended([*COMMAND, *words], home, around)
