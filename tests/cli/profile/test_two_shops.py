"""Two profiles, used in turn or at once, never mix."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime

import pytest

from cascade_cli.cli.app import COMMANDS, GROUPS
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.shop.shell import COMMAND_LINE
from tests.cli.profile.conftest import Shops
from tests.cli.reconcile.run_end.listener import listening
from tests.frozen.cases import NEEDS_SETTINGS
from tests.harness.commands import COMMAND, environment
from tests.harness.profiles import Machine

CREDIT = ("--reason", "gift", "--yes")


def transfers(shops: Shops) -> list[int]:
    each = (shops.rialto, shops.lido)
    return [len(shop.app.airtable.tables.select("STRATAGEMS")) for shop in each]


def test_each_has_its_own_keys_journal_and_limits(shops: Shops) -> None:
    typed = shops.machine.typed
    assert typed("--profile", "rialto", "credit", "marco", "7", *CREDIT).code == 0
    assert typed("--profile", "lido", "credit", "marco", "700", *CREDIT).code == 0
    assert transfers(shops) == [1, 1]
    refused = typed("--profile", "rialto", "credit", "marco", "5", *CREDIT)
    assert refused.code == 7
    assert typed("--profile", "lido", "credit", "marco", "5", *CREDIT).code == 0
    for name, amounts in {"rialto": {"7"}, "lido": {"700", "5"}}.items():
        listed = typed("journal", "list", "--json", CASCADE_PROFILE=name)
        told = {entry["body"].get("ducats") for entry in listed.data["entries"]}
        assert told - {None} == amounts, listed.out
    found = {path.parent.name for path in shops.machine.state.rglob("journal.sqlite3")}
    assert found == {"rialto", "lido"}


def test_two_terminals_at_once_each_keep_to_their_own(shops: Shops) -> None:
    """One by the option, one by the environment; both write while the other does."""
    here = {**environment(shops.machine.home), **shops.machine.places}
    del here["CASCADE_STATE_DIR"]
    lines = {
        "rialto": (["--profile", "rialto"], {}, "1"),
        "lido": ([], {"CASCADE_PROFILE": "lido"}, "300"),
    }
    running = [
        subprocess.Popen(
            [*COMMAND, *words, "credit", "marco", ducats, *CREDIT],
            env={**here, **chosen},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for words, chosen, ducats in lines.values()
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert transfers(shops) == [1, 1]
    for shop, (_, _, ducats) in zip((shops.rialto, shops.lido), lines.values(), strict=True):
        (row,) = shop.app.airtable.tables.select("STRATAGEMS")
        assert f'"amount": {ducats}' in row["fields"]["Notes"]


def test_each_tells_its_own_alerts_and_says_whose(shops: Shops, recently: datetime) -> None:
    shops.rialto.pay(recently)
    with listening() as ours, listening() as theirs:
        for name, shop, listener in (
            ("rialto", shops.rialto, ours),
            ("lido", shops.lido, theirs),
        ):
            base = {"AIRTABLE_BASE_ID": "appTheOtherShop01"} if name == "lido" else {}
            alerts = {"CASCADE_ALERT_URLS": listener.address}
            shops.machine.write(name, shop.environment(**base, **alerts))
        for name in ("rialto", "lido", "rialto"):
            shops.machine.typed("--profile", name, "reconcile", "--alert", NO_PROXY="127.0.0.1")
        (alert,) = ours.alerts()
        assert alert["title"] == "cascade rialto (test): 1 new, 0 solved, 0 still open"
        assert "cascade --profile rialto explain" in alert["message"]
        assert theirs.heard == []


@pytest.mark.parametrize("line", NEEDS_SETTINGS)
def test_every_printed_command_stays_with_the_profile(shops: Shops, line: str) -> None:
    """However the command ends, what it prints never leads to another shop: not to the default."""
    shops.machine.typed("profile", "default", "lido")
    words = [*line.split(), *(["--port", "70000"] if line == "serve" else [])]
    answer = shops.machine.typed("--profile", "rialto", *words)
    printed = re.findall(COMMAND_LINE, f"{answer.out}\n{answer.err}")
    # Not a command: a headline, and where to read on.
    elsewhere = ("cascade help", "cascade status  ", "cascade serve --help")
    ours = [found for found in printed if not found.startswith(elsewhere)]
    assert all("cascade --profile rialto " in found for found in ours), printed
    assert shops.lido.recorder.requests == []


@pytest.mark.parametrize("name", sorted({*COMMANDS, *GROUPS} - {"help"}))
def test_a_command_of_every_name_is_completed(machine: Machine, name: str) -> None:
    machine.write("lido", {})
    places = pytest.MonkeyPatch()
    places.setenv("XDG_CONFIG_HOME", machine.places["XDG_CONFIG_HOME"])
    try:
        told = Session(profile="lido", sandbox=True).completed(f"Type cascade {name} x")
    finally:
        places.undo()
    option = "" if name == "sandbox" else "--sandbox "
    assert told == f"Type cascade {option}--profile lido {name} x"


@pytest.mark.parametrize("words", [("reconcile",), ("status",)])
def test_the_headline_names_profile_and_mode(shops: Shops, words: tuple[str, ...]) -> None:
    answer = shops.machine.typed("--profile", "lido", *words)
    assert "(profile lido, test)" in answer.out.splitlines()[0]
    document = shops.machine.typed("--profile", "lido", *words, "--json").document
    assert document["profile"] == "lido"


def test_a_sandbox_of_a_profile_is_its_own(machine: Machine) -> None:
    machine.write("lido", {})
    assert machine.typed("--profile", "lido", "sandbox", "seed", "--scenario", "empty").code == 0
    assert (machine.state / "profiles" / "lido" / "sandbox.sqlite3").is_file()
    answer = machine.typed("--profile", "lido", "--sandbox", "reconcile")
    assert "(profile lido, sandbox)" in answer.out
    assert not (machine.state / "sandbox.sqlite3").exists()
