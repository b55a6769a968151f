"""Every command under two profiles in turn: each reaches its own shop, and touches nothing of the
other's. A new command fails here until it has a line in LINES.

Each line is typed in a shell that means the other shop: lido's by --profile where CASCADE_PROFILE
is rialto, rialto's by CASCADE_PROFILE where lido is the default.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any
from zipfile import ZipFile

import pytest
import requests

from cascade_cli.cli.app import COMMANDS, GROUPS
from cascade_cli.sandbox.wire import Response
from cascade_cli.settings.profiles import set_default_profile
from tests.cli.profile.conftest import _apprise_has_loaded
from tests.cli.profile.two_modes import MODES, NAMES, Shops, opened
from tests.docs.command_line import commands, whole
from tests.harness.commands import COMMAND, Answer, environment
from tests.harness.terminal import Terminal
from tests.server.conftest import WEBHOOK, eventually
from tests.server.events import event_body, signature
from tests.server.processes import Process

__all__ = ["_apprise_has_loaded"]

GIVEN = "--reason gift --yes"
LINES = {
    "": [""],
    "reconcile": [
        "reconcile --since 2d --alert --report {home}/report.html",
        "reconcile --since 2d --json",
        "reconcile --since 2d --repair --dry-run",
    ],
    "review": ["review"],
    "credit": [f"credit {{citizen}} 7 {GIVEN}", f"credit {{citizen}} 99999 {GIVEN}"],
    "refund": ["refund {refunded} --yes", "refund {missing} --yes"],
    "resolve": ["resolve {missing} --snooze 2d --reason later --yes", "resolve {given} --reopen"],
    "explain": ["explain {missing}", "explain {citizen}"],
    "status": ["status --since 2d"],
    "doctor": ["doctor"],
    "init": ["init --no-input", "init"],
    "checkout": ["checkout {citizen} --ducats 100", "checkout Nobody --ducats 100"],
    "pricing": ["pricing"],
    "help": ["help nightly"],
    "completion": ["completion bash"],
    "events list": ["events list --since 2d"],
    "events replay": ["events replay --since 2d --yes"],
    "config show": ["config show"],
    "config check": ["config check"],
    "profile list": ["profile list"],
    "profile default": ["profile default lido"],
    "journal list": ["journal list", "journal list --json"],
    "journal verify": ["journal verify"],
    "journal export": ["journal export"],
    "journal backup": ["journal backup {home}/{profile}.backup"],
    "journal restore": ["journal restore {home}/{profile}.backup", "journal restore {home}/none"],
    "journal catch-up": ["journal catch-up"],
    "schedule cron": ["schedule cron --alert"],
    "schedule systemd": ["schedule systemd --alert"],
    "citizen setup": ["citizen setup --yes"],
    "citizen replenish": ["citizen replenish --by 5 --yes"],
    "citizen show": ["citizen show"],
    "stratagem status": ["stratagem status {transfer}", "stratagem status {missing}"],
    "stratagem list": ["stratagem list"],
    "stratagem watch": ["stratagem watch {transfer}"],
    "sandbox seed": ["sandbox seed --scenario empty"],
    "sandbox run-engine": ["sandbox run-engine"],
    "sandbox advance": ["sandbox advance 1h"],
    "sandbox citizen": ["sandbox citizen add Anna"],
    "sandbox pay": ["sandbox pay NLR --ducats 30"],
    "sandbox capture": ["sandbox capture {missing}"],
    "sandbox refund": ["sandbox refund {missing}"],
    "sandbox dispute": ["sandbox dispute {missing}"],
    "sandbox product": ["sandbox product prod_none"],
    "sandbox subscription": ["sandbox subscription {missing} renew"],
    "sandbox event": ["sandbox event charge.refunded"],
    "sandbox reset": ["sandbox reset"],
}
"""What is typed of each command, under both profiles."""
SERVING = {"serve", "sandbox serve"}
"""They go on until they are told to end, and have a test of their own below."""
_WORDS = "|".join(sorted({*COMMANDS, *GROUPS} - {"help"}))
PRINTED = re.compile(rf"\bcascade((?: --?[\w-]+(?: [^\s-]\S*)??)*?) ({_WORDS})\b(.*)")
"""A command in a text: its global options, its name, and the rest of the line."""
NO_COMMAND = re.compile(r"cascade status  |cascade [\w -]+ --help\.$")
"""A headline, and where to read on."""


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    with opened(tmp_path_factory.mktemp("home")) as shops, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", shops.machine.places["XDG_CONFIG_HOME"])
        set_default_profile("lido")
        for name in NAMES:
            shops.typed(name, "journal", "backup", str(shops.machine.home / f"{name}.backup"))
        yield shops


def typed(shops: Shops, name: str, line: str) -> Answer:
    """Where everything but the line means the other shop."""
    facts = {**shops.each[name].facts, "home": shops.machine.home, "profile": name}
    words = shlex.split(line.format(**facts))
    if name == "lido":
        return shops.typed(name, *words, CASCADE_PROFILE="rialto")
    return shops.machine.typed(*words, CASCADE_PROFILE=name, **shops.around)


def printed(text: str) -> list[str]:
    """The commands in it, in full."""
    return [found[0] for found in PRINTED.finditer(text) if not NO_COMMAND.match(found[0])]


def test_every_command_has_a_line() -> None:
    names = {name.removeprefix("cascade").strip() for name, _ in commands(whole())}
    assert names == {*LINES} | SERVING


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", LINES)
def test_a_command_reaches_its_own_shop_and_touches_nothing_of_the_other(
    shops: Shops, command: str, name: str
) -> None:
    other = shops.other(name)
    heard, state = shops.each[other].heard, shops.state(other)
    for line in LINES[command]:
        answer = typed(shops, name, line)
        said = f"{answer.out}\n{answer.err}"
        assert "was not foreseen" not in said
        assert not [fact for fact in shops.each[other].facts.values() if fact in said]
        if command != "help":
            assert [each for each in printed(said) if f"--profile {name}" not in each] == []
        if "--json" in line:
            assert answer.document["profile"] == name
    assert (shops.each[other].heard, shops.state(other)) == (heard, state)
    assert shops.each[name].strangers == []
    assert shops.elsewhere() == set()


@pytest.mark.usefixtures("no_settings")
def test_limits_and_journal_count_what_was_done_with_their_own_profile(shops: Shops) -> None:
    def credit(name: str, number: int) -> int:
        """30 ducats, where 40 may still be credited today."""
        citizen, most = shops.each[name].facts["citizen"], str(int(today[name]) + 40)
        words = ["credit", citizen, "30", "--reason", "x", "--reference", f"r{number}", "--yes"]
        return shops.typed(name, *words, CASCADE_MAX_DUCATS_PER_DAY=most).code

    today = {name: _today(shops, name) for name in NAMES}
    assert [credit(name, 1) for name in NAMES] == [0, 0]
    assert [credit(name, 2) for name in NAMES] == [7, 7]
    assert {name: _today(shops, name) - 30 for name in NAMES} == today
    for name in NAMES:
        entries = shops.typed(name, "journal", "list", "--json").data["entries"]
        assert {entry["base"] for entry in entries} == {shops.each[name].base}


def _today(shops: Shops, name: str) -> float:
    return float(shops.typed(name, "status", "--json").data["today"]["promised_ducats"])


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("name", NAMES)
def test_alert_report_and_headline_name_profile_and_mode(shops: Shops, name: str) -> None:
    shop, page = shops.each[name], shops.machine.home / "report.html"
    shops.typed(name, "reconcile", "--since", "2d", "--alert")
    new = shop.sell()
    shop.listener.alerts()
    answer = shops.typed(name, "reconcile", "--since", "2d", "--alert", "--report", str(page))
    assert f"(profile {name}, {MODES[name]})" in answer.out.splitlines()[0]
    (alert,) = shop.listener.alerts()
    assert alert["title"].startswith(f"cascade {name} ({MODES[name]}): 1 new")
    assert f"cascade --profile {name} explain {new}" in alert["message"]
    report = page.read_text()
    assert f"profile {name}, {MODES[name]}" in report
    assert [each for each in printed(report) if f"--profile {name}" not in each] == []


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_names_neither_shop_nor_profile(shops: Shops, name: str) -> None:
    """Not even where the last error does."""
    other, file = shops.each[shops.other(name)], shops.machine.home / f"{name}.zip"
    citizen = shops.each[name].facts["citizen"]
    shops.typed(name, "credit", citizen, "1", "--reason", "x", "--reference", "bundle", "--yes")
    refused = shops.typed(name, "reconcile", AIRTABLE_BASE_ID=other.base)
    assert f"AIRTABLE_BASE_ID in profile {name} differ: two shops would be mixed" in refused.err
    answer = shops.typed(name, "-v", "doctor", "--bundle", str(file), "--yes", "--json")
    parts = answer.data["bundle"]["parts"]
    message = parts["last-error"]["error"]["message"]
    assert re.search(r" in profile profile-[a-z]{6} differ", message)
    assert "credit" in {run["command"] for run in parts["runs"]["runs"]}
    with ZipFile(file) as archive:
        text = "\n".join(archive.read(each).decode() for each in archive.namelist())
    for shop in shops.each.values():
        told = {*shop.facts.values(), *shop.keys.values(), shop.base, shop.secret, shop.name}
        assert [word for word in told if word in text] == []


def test_two_terminals_in_turn_keep_to_their_own(shops: Shops) -> None:
    """Both stand at their question before either is answered."""
    terminals, around = {}, {**_around(shops), "CASCADE_PROFILE": "rialto"}
    for name, words in {"rialto": [], "lido": ["--profile", "lido"]}.items():
        line = [*words, "credit", shops.each[name].facts["citizen"], "3", "--reason", "turn"]
        terminals[name] = Terminal([*COMMAND, *line], around, shops.machine.home, 24, 80)
    for name in NAMES:
        terminals[name].until(f"(profile {name}, {MODES[name]})")
        assert (b"\x1b[1;37;45mlive" in terminals[name].raw) == (MODES[name] == "live")
    before = {name: shops.each[name].rows for name in NAMES}
    terminals["lido"].press("y\r", "credited")
    terminals["rialto"].press("n\r", "Nothing was written")
    assert [terminals[name].ended() for name in NAMES] == [7, 0]
    assert [shops.each[name].rows - before[name] for name in NAMES] == [0, 1]


@pytest.mark.usefixtures("no_settings")
def test_two_servers_at_once_each_serve_their_own_shop(shops: Shops) -> None:
    around = {**_around(shops), "CASCADE_PROFILE": "rialto"}
    lines = {"rialto": ("serve",), "lido": ("--profile", "lido", "serve")}
    running = {
        name: Process(*words, "--port", "0", settings=around) for name, words in lines.items()
    }
    with closing(running["rialto"]), closing(running["lido"]):
        for name, server in running.items():
            server.wait_until_up()
            shop, before = shops.each[name], shops.each[name].rows
            body = _sold(shops, name, f"evt_{name}")
            signed = {n: signature(body, secret=shops.each[n].secret) for n in NAMES}
            assert _told(server, body, signed[shops.other(name)]) == 400
            assert _told(server, body, signed[name]) == 200
            eventually(partial(shop.has_rows, before + 1))
        _check_last_failure(shops, running["lido"])
    for name in NAMES:
        assert shops.each[name].strangers == []
        kept = shops.typed(name, "journal", "export").out
        assert f"evt_{name}" in kept
        assert f"evt_{shops.other(name)}" not in kept


def _sold(shops: Shops, name: str, event_id: str) -> bytes:
    """The event of one more payment there."""
    subject = {"id": shops.each[name].sell(), "object": "payment_intent", "status": "succeeded"}
    return event_body(event_id, subject=subject, livemode=MODES[name] == "live")


def _check_last_failure(shops: Shops, server: Process) -> None:
    """Why lido's server could not credit is the last error of lido's bundle, and of no other's."""
    lido, file = shops.each["lido"], shops.machine.home / "failure.zip"
    key = lido.keys["AIRTABLE_API_KEY"]
    echo = json.dumps({"error": {"message": f"Bearer {key} of {lido.facts['citizen']}"}})
    lido.place.recorder.break_from("airtable", 1, Response(422, echo.encode()))
    kept = {name: shops.machine.state / "profiles" / name / "last-error.json" for name in NAMES}
    body = _sold(shops, "lido", "evt_lido_later")
    assert _told(server, body, signature(body, secret=lido.secret)) == 200
    eventually(lambda: kept["lido"].exists() and '"serve"' in kept["lido"].read_text())
    lido.place.recorder.mend("airtable")
    assert key not in kept["lido"].read_text()
    assert not kept["rialto"].exists() or '"serve"' not in kept["rialto"].read_text()
    words = ("doctor", "--bundle", str(file), "--yes", "--json")
    error = shops.typed("lido", *words).data["bundle"]["parts"]["last-error"]["error"]
    assert error["command"] == "serve"
    assert any(place["file"].startswith("cascade_cli/adapters/") for place in _places(error))
    assert lido.facts["citizen"] not in json.dumps(error)


def _places(error: dict[str, Any]) -> list[dict[str, Any]]:
    return [place for cause in error["causes"] for place in cause["where"]]


def _told(server: Process, body: bytes, header: str) -> int:
    told = {"Stripe-Signature": header}
    return requests.post(server.url + WEBHOOK, data=body, headers=told, timeout=20).status_code


def _around(shops: Shops) -> dict[str, str]:
    around = {**environment(shops.machine.home), **shops.machine.places, **shops.around}
    del around["CASCADE_STATE_DIR"], around["COLUMNS"]
    return around


def test_two_sandboxes_at_once_are_each_their_profile_s_own(shops: Shops) -> None:
    around = {**_around(shops), "CASCADE_PROFILE": "rialto"}
    lines = {"rialto": (), "lido": ("--profile", "lido")}
    serve = ("sandbox", "serve", "--port", "0")
    running = {name: Process(*words, *serve, settings=around) for name, words in lines.items()}
    with closing(running["rialto"]), closing(running["lido"]):
        for name, server in running.items():
            kept = shops.machine.state / "profiles" / name / "sandbox.json"
            assert json.loads(kept.read_text())["url"] == server.url
            assert shops.typed(name, "sandbox", "citizen", "add", f"Of{name}").code == 0
        for name in NAMES:
            found = {n: shops.typed(name, "--sandbox", "explain", f"Of{n}").code for n in NAMES}
            assert found == {name: 0, shops.other(name): 3}
    assert shops.elsewhere() == set()
