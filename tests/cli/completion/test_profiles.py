"""With a profile in use, Tab offers what its own journal remembers, and fetches nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cascade_cli.cli.completion.answer import VARIABLE, answer
from cascade_cli.cli.completion.journal_values import journal_place
from cascade_cli.errors import CascadeError
from cascade_cli.settings.profiles import set_default_profile
from cascade_cli.wiring import Invocation
from cascade_cli.wiring import journal as wired
from tests.cli.completion.journals import keep_run
from tests.cli.completion.test_answers import HEAVY
from tests.harness.commands import environment
from tests.harness.profiles import Machine

BASES = {"rialto": "appRialto00000001", "lido": "appLido0000000001"}
CITIZENS = {"rialto": "Lucia", "lido": "Lorenzo", "": "Leo"}
HOW = ("option", "environment", "default")


@pytest.fixture(scope="module")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder of two profiles and no profile: each journal remembers one citizen."""
    state = tmp_path_factory.mktemp("state")
    keep_run(state / "journal.sqlite3", (CITIZENS[""],))
    for name, base in BASES.items():
        (state / "profiles" / name).mkdir(parents=True)
        keep_run(journal(state, name), (CITIZENS[name],), base)
    return state


@pytest.fixture
def machine(no_settings: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Both profiles, and no journal yet."""
    machine = Machine(no_settings)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, machine.places[name])
    monkeypatch.delenv("CASCADE_STATE_DIR", raising=False)
    for name, base in BASES.items():
        machine.write(name, {"AIRTABLE_BASE_ID": base})
    return machine


@pytest.fixture
def used(machine: Machine, remembered: Path) -> Machine:
    """The same after a run of each."""
    shutil.copytree(remembered, machine.state)
    return machine


def journal(state: Path, profile: str) -> Path:
    return state / "profiles" / profile / "journal.sqlite3"


def chosen(how: str, name: str) -> tuple[str, dict[str, str]]:
    """The options before the command, and the environment, by which that profile is in use."""
    if how == "default":
        set_default_profile(name)
    option = f"--profile {name} " if how == "option" else ""
    return option, {"CASCADE_PROFILE": name} if how == "environment" else {}


def offered(line: str, **settings: str) -> list[str]:
    environ = {**os.environ, **settings, "_CASCADE_LINE": f"cascade {line}"}
    return answer("bash", environ).splitlines()[1:]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", BASES)
def test_the_ids_and_citizens_are_the_profile_s_own(used: Machine, how: str, name: str) -> None:
    option, settings = chosen(how, name)
    assert offered(f"{option}credit ", **settings) == [CITIZENS[name]]
    assert offered(f"{option}explain ", **settings) == ["pi_0000", CITIZENS[name]]
    keep_run(journal(used.state, name).with_name("sandbox-journal.sqlite3"), ("Marco",))
    assert offered(f"--sandbox --profile {name} credit ") == ["Marco"]
    assert offered(f"--profile {name} sandbox citizen rename ") == ["Marco"]


def test_the_default_stands_back_as_it_does_for_a_command(used: Machine) -> None:
    set_default_profile("rialto")
    assert offered("credit L") == ["Lucia"]
    assert offered("credit L", STRIPE_SECRET_KEY_COMMAND="pass x") == ["Leo"]
    (used.home / ".env").write_text("PORT=1\n")
    assert offered("credit L") == ["Lucia"]
    (used.home / ".env").write_text("export AIRTABLE_API_KEY=pat\n")
    assert offered("credit L") == ["Leo"]
    assert offered("--env-file .env credit L", CASCADE_PROFILE="lido") == ["Leo"]


@pytest.mark.parametrize("how", HOW)
def test_no_secret_is_fetched(used: Machine, how: str) -> None:
    witness = used.home / "witness"
    secrets = {
        f"{name}_COMMAND": f"touch {witness}"
        for name in ("STRIPE_SECRET_KEY", "AIRTABLE_API_KEY", "CASCADE_API_TOKEN")
    }
    used.write("lido", {"AIRTABLE_BASE_ID": BASES["lido"], **secrets})
    option, settings = chosen(how, "lido")
    assert offered(f"{option}credit L", **settings) == ["Lorenzo"]
    hidden = {"CASCADE_JOURNAL_URL_COMMAND": f"touch {witness}"}
    used.write("lido", {"AIRTABLE_BASE_ID": BASES["lido"], **hidden})
    assert offered(f"{option}credit L", **settings) == []
    assert not witness.exists()


NEVER = {
    "an address in a file": ({"CASCADE_JOURNAL_URL_FILE": "url"}, {}),
    "an address in the keyring": ({"CASCADE_JOURNAL_URL": "keyring:cascade/journal"}, {}),
    "an address in the environment's file": ({}, {"CASCADE_JOURNAL_URL_FILE": "url"}),
    "a server": ({"CASCADE_JOURNAL_URL": "postgresql://x@127.0.0.1:9/x"}, {}),
    "no base": ({"AIRTABLE_BASE_ID": ""}, {}),
    "another base": ({}, {"AIRTABLE_BASE_ID": BASES["rialto"]}),
    "another journal": ({"CASCADE_JOURNAL_URL": "sqlite:////a"}, {"CASCADE_JOURNAL_URL": "b"}),
    "a file that chooses a profile": ({"CASCADE_PROFILE": "rialto"}, {}),
}


@pytest.mark.parametrize("why", NEVER)
def test_where_the_command_would_be_refused_or_nobody_can_say_nothing_is_offered(
    used: Machine, why: str
) -> None:
    written, settings = NEVER[why]
    used.write("lido", {"AIRTABLE_BASE_ID": BASES["lido"], **written})
    assert offered("--profile lido credit L", **settings) == []


def test_a_profile_that_cascade_would_not_read_offers_nothing(used: Machine) -> None:
    used.write("lido", {"AIRTABLE_BASE_ID": BASES["lido"]}, 0o620)
    for name in ("lido", "nobody", "../../lido"):
        assert offered(f"--profile {name} credit L") == []
    (used.home / ".env").write_text(f"AIRTABLE_BASE_ID={BASES['lido']}\n")
    assert offered("--profile rialto --env-file .env credit L") == []


def test_of_a_journal_that_two_profiles_share_only_the_own_is_offered(machine: Machine) -> None:
    shared = machine.home / "shared" / "journal.sqlite3"
    for name, base in BASES.items():
        keep_run(shared, (CITIZENS[name],), base)
        machine.write(name, {"AIRTABLE_BASE_ID": base, "CASCADE_STATE_DIR": str(shared.parent)})
    assert offered("--profile lido credit L") == ["Lorenzo"]
    assert offered("--profile rialto credit L") == ["Lucia"]


PROFILES: dict[str, dict[str, str]] = {
    "plain": {},
    "state": {"CASCADE_STATE_DIR": "/kept"},
    "home": {"CASCADE_STATE_DIR": "~/kept"},
    "file": {"CASCADE_JOURNAL_URL": "sqlite:////kept/j.db"},
    "server": {"CASCADE_JOURNAL_URL": "postgresql://x@127.0.0.1:9/x"},
    "sandbox": {"CASCADE_SANDBOX": "1"},
    "blank": {"CASCADE_STATE_DIR": " ", "CASCADE_JOURNAL_URL": ""},
}
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "plain": {},
    "state": {"CASCADE_STATE_DIR": "/state"},
    "blank": {"CASCADE_STATE_DIR": "", "CASCADE_JOURNAL_URL": "", "AIRTABLE_BASE_ID": " "},
    "same": {"CASCADE_JOURNAL_URL": "sqlite:////kept/j.db", "AIRTABLE_BASE_ID": BASES["lido"]},
    "base": {"AIRTABLE_BASE_ID": "appAnother"},
    "sandbox": {"CASCADE_SANDBOX": "1"},
    "no sandbox": {"CASCADE_SANDBOX": "0"},
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("written", PROFILES)
def test_the_profile_s_journal_is_where_every_command_finds_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, how: str, written: str
) -> None:
    machine.write("lido", {"AIRTABLE_BASE_ID": BASES["lido"], **PROFILES[written]})
    option, settings = chosen(how, "lido")
    given = {"--profile": "lido"} if option else {}
    for around in ENVIRONMENTS.values():
        for sandbox in (False, True):
            with monkeypatch.context() as patch:
                for name, value in {**around, **settings}.items():
                    patch.setenv(name, value)
                invocation = Invocation(sandbox=sandbox, profile=given.get("--profile"))
                typed = _typed(given | ({"--sandbox": ""} if sandbox else {}))
                assert typed == _wired(invocation), (around, sandbox)


def _typed(given: dict[str, str]) -> tuple[str, str] | None:
    try:
        return journal_place(given, os.environ)
    except (OSError, ValueError):
        return None


def _wired(invocation: Invocation) -> tuple[str, str] | None:
    """The journal of the command; None where it is refused."""
    try:
        values = invocation.found
        invocation.enter_sandbox(values)
        url = "" if invocation.sandbox else values.get("CASCADE_JOURNAL_URL", "").strip()
        base = "" if invocation.sandbox else values.get("AIRTABLE_BASE_ID", "").strip()
        file = wired.journal_file(invocation, url)
    except CascadeError:
        return None
    return (str(file), base) if file else None


@pytest.mark.parametrize("how", HOW)
def test_a_tab_with_a_profile_imports_next_to_nothing(used: Machine, how: str) -> None:
    script = (
        "import atexit, sys\nbefore = set(sys.modules)\n"
        "atexit.register(lambda: print(*set(sys.modules) - before, file=sys.stderr))\n"
        "from cascade_cli.__main__ import main; main()"
    )
    option, settings = chosen(how, "lido")
    asked = environment(used.home, **used.places, **settings, **{VARIABLE: "bash"})
    del asked["CASCADE_STATE_DIR"]
    asked["_CASCADE_LINE"] = f"cascade {option}credit L"
    done = subprocess.run(
        [sys.executable, "-c", script], env=asked, cwd=used.home,
        capture_output=True, check=True,
    )  # fmt: skip
    heavy = {*HEAVY, "platformdirs", "cascade_cli.errors"}
    assert {*done.stderr.decode().split()} & heavy == set()
    assert done.stdout.decode().splitlines() == ["words", "Lorenzo"]
