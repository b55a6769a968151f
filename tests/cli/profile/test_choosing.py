"""Which file of settings counts: one, and never two that differ in whose shop it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from platformdirs.api import PlatformDirsABC
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from cascade_cli.cli.help.topics import read
from cascade_cli.cli.terminal.confirmation import confirm
from cascade_cli.cli.terminal.console import settings_note
from cascade_cli.cli.terminal.session import Session
from cascade_cli.settings.locations import short
from tests.harness.profiles import Machine

RIALTO = {"STRIPE_SECRET_KEY": "rk_live_rialto", "AIRTABLE_BASE_ID": "appRialto"}
LIDO = {"STRIPE_SECRET_KEY": "sk_test_lido", "AIRTABLE_BASE_ID": "appLido"}


@pytest.fixture
def two(machine: Machine) -> Machine:
    machine.write("rialto", RIALTO)
    machine.write("lido", LIDO)
    return machine


def base(machine: Machine, *words: str, **settings: str) -> str | None:
    """The base that would be read."""
    answer = machine.typed(*words, "config", "show", "--json", **settings)
    assert answer.code == 0, answer.err
    shown = {one["name"]: one["value"] for one in answer.data["settings"]}
    value: str | None = shown["AIRTABLE_BASE_ID"]
    return value


def test_the_option_wins_over_the_environment_and_that_over_the_default(two: Machine) -> None:
    assert base(two) is None
    two.typed("profile", "default", "rialto")
    assert base(two) == "appRialto"
    assert base(two, CASCADE_PROFILE="lido") == "appLido"
    assert base(two, "--profile", "rialto", CASCADE_PROFILE="lido") == "appRialto"
    two.typed("profile", "default", "--none")
    assert base(two) is None


def test_with_a_profile_the_dot_env_of_the_folder_is_not_read(two: Machine) -> None:
    (two.home / ".env").write_text("AIRTABLE_BASE_ID=appHere\nCASCADE_GRACE=3h\n")
    answer = two.typed("--profile", "lido", "config", "show", "--json")
    shown = {one["name"]: one["value"] for one in answer.data["settings"]}
    assert (shown["AIRTABLE_BASE_ID"], shown["CASCADE_GRACE"]) == ("appLido", "15m")


def test_the_default_does_not_count_if_something_else_names_a_shop(two: Machine) -> None:
    two.typed("profile", "default", "rialto")
    assert base(two, AIRTABLE_API_KEY="patEnv") is None
    assert base(two, STRIPE_SECRET_KEY_FILE="/nowhere") is None
    (two.home / "other.env").write_text("AIRTABLE_BASE_ID=appNamed\n")
    assert base(two, "--env-file", "other.env") == "appNamed"
    (two.home / ".env").write_text("PORT=8000\n")
    assert base(two) == "appRialto"
    (two.home / ".env").write_text("AIRTABLE_BASE_ID=appHere\n")
    assert base(two) == "appHere"


def test_the_sandbox_has_no_default_profile(two: Machine) -> None:
    two.typed("profile", "default", "rialto")
    for words, settings in ((("--sandbox",), {}), ((), {"CASCADE_SANDBOX": "1"})):
        answer = two.typed(*words, "config", "show", "--json", **settings)
        assert answer.data["profile"] == ""
        assert answer.data["mode"] == "sandbox"


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "AIRTABLE_BASE_ID", "CASCADE_JOURNAL_URL"])
def test_environment_and_profile_must_agree_which_shop_it_is(two: Machine, name: str) -> None:
    two.write("lido", {**LIDO, "AIRTABLE_API_KEY": "pat", "CASCADE_JOURNAL_URL": "sqlite:////x"})
    other = {name: "sk_test_other", "AIRTABLE_ENDPOINT_URL": "http://127.0.0.1:9"}
    other["STRIPE_API_BASE"] = "http://127.0.0.1:9"
    answer = two.typed("--profile", "lido", "reconcile", **other)
    assert answer.code == 4
    told = f"{name} in the environment and {name} in profile lido differ: two shops would be mixed"
    assert told in answer.err
    assert f"unset {name}" in answer.err


def test_the_same_value_twice_and_other_settings_are_no_contradiction(two: Machine) -> None:
    assert base(two, "--profile", "lido", AIRTABLE_BASE_ID="appLido") == "appLido"
    answer = two.typed("--profile", "lido", "config", "show", "--json", CASCADE_GRACE="1h")
    (grace,) = [one for one in answer.data["settings"] if one["name"] == "CASCADE_GRACE"]
    assert (grace["value"], grace["from"]) == ("1h", "environment")


def test_what_a_profile_leaves_empty_contradicts_nothing(two: Machine) -> None:
    two.write("lido", {**LIDO, "AIRTABLE_BASE_ID": ""})
    assert base(two, "--profile", "lido", AIRTABLE_BASE_ID="appLido") == "appLido"


def test_a_state_folder_in_the_environment_has_a_folder_for_each_profile(two: Machine) -> None:
    for name in ("rialto", "lido"):
        answer = two.typed("config", "show", "--json", CASCADE_PROFILE=name, CASCADE_STATE_DIR="/x")
        assert answer.data["state_folder"] == f"/x/profiles/{name}"
    two.write("lido", {**LIDO, "CASCADE_STATE_DIR": "/y"})
    answer = two.typed("--profile", "lido", "config", "show", "--json", CASCADE_STATE_DIR="/x")
    assert answer.data["state_folder"] == "/y"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--profile", "ido"], 4, "There is no profile 'ido'. There are: lido, rialto."),
        (["--profile", "ido"], 4, "Did you mean --profile lido?"),
        (["--profile", "../lido"], 4, "'../lido' is not a name for a profile"),
        (["--profile", "lido", "--env-file", "x"], 2, "--profile and --env-file exclude"),
    ],
)
def test_a_name_that_is_not_a_profile_is_refused(
    two: Machine, words: list[str], code: int, said: str
) -> None:
    answer = two.typed(*words, "journal", "list")
    assert answer.code == code
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_no_file_may_choose_a_profile(two: Machine) -> None:
    (two.home / ".env").write_text("CASCADE_PROFILE=rialto\n")
    answer = two.typed("journal", "list")
    assert answer.code == 4
    assert "no settings file may choose another one" in answer.err


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_profile_that_others_may_write_is_not_read(two: Machine, mode: int) -> None:
    two.write("lido", LIDO, mode)
    answer = two.typed("--profile", "lido", "config", "show")
    assert answer.code == 4
    assert "other users may write it" in answer.err
    listed = two.typed("profile", "list", "--json").data["profiles"]
    assert [bool(one["problem"]) for one in listed] == [True, False]


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_a_profile_of_another_user_is_not_read(two: Machine) -> None:
    os.chown(two.profiles / "lido.env", 54321, 54321)
    assert "belongs to another user" in two.typed("--profile", "lido", "config", "show").err


def test_the_list_tells_mode_base_and_default(two: Machine) -> None:
    two.typed("profile", "default", "lido")
    out = two.typed("profile", "list").out
    assert "* lido    test  appLido" in out
    assert "  rialto  live  appRialto" in out
    assert "rk_live_rialto" not in out
    assert two.typed("profile", "default", "corfu").code == 4
    assert two.typed("profile", "default").code == 2
    assert two.typed("profile", "list", "--json").data["default"] == "lido"


def test_without_profiles_the_list_says_where_they_would_be(machine: Machine) -> None:
    assert "~/config/cascade/profiles/NAME.env" in machine.typed("profile", "list").out
    listed = machine.typed("profile", "list", "--json").data
    assert listed == {"default": None, "folder": "~/config/cascade/profiles", "profiles": []}


@pytest.mark.parametrize("system", [Unix, MacOS])
def test_the_topics_name_the_folders_of_both_systems(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, system: type[PlatformDirsABC]
) -> None:
    monkeypatch.setenv("HOME", str(machine.home))
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    folders = system("cascade")
    config, state = short(Path(folders.user_config_dir)), short(Path(folders.user_state_dir))
    pages = [read(name).body for name in ("profiles", "settings", "sandbox")]
    assert f"{config}/profiles" in pages[0]
    assert all(state in page for page in pages)


def test_live_has_a_colour_of_its_own(two: Machine) -> None:
    answer = two.typed(
        "--profile", "rialto", "config", "show", FORCE_COLOR="1", TERM="xterm-256color"
    )
    live = "\x1b[1;37;45mlive\x1b[0m"
    assert live in answer.out
    assert live in two.typed("profile", "list", FORCE_COLOR="1", TERM="xterm-256color").out
    assert (
        live
        not in two.typed(
            "--profile", "lido", "config", "show", FORCE_COLOR="1", TERM="xterm-256color"
        ).out
    )


def test_a_schedule_goes_by_the_profile(two: Machine) -> None:
    line = two.typed("--profile", "lido", "schedule", "cron").out
    assert " --quiet --profile lido reconcile " in line
    assert f"CASCADE_STATE_DIR={two.state} XDG_CONFIG_HOME={two.home}/config " in line


def test_the_units_of_one_profile_do_not_replace_those_of_another(two: Machine) -> None:
    files = [
        re.findall("^# (/etc/.*)$", two.typed(*words, "schedule", "systemd").out, re.MULTILINE)
        for words in ((), ("--profile", "rialto"), ("--profile", "lido"))
    ]
    assert len({file for each in files for file in each}) == 6


def test_a_headline_and_a_question_say_live_in_that_colour(
    two: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**two.places, "FORCE_COLOR": "1", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    session = Session(profile="rialto", mode="live")
    assert session.settings_note == " (profile rialto, live)"
    console = session.console()
    with console.capture() as capture:
        console.print(settings_note(console))
    assert "\x1b[1;37;45mlive\x1b[0m" in capture.get()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    asked: list[str] = []

    def agree(question: str, **_: object) -> bool:
        asked.append(question)
        return True

    monkeypatch.setattr("typer.confirm", agree)
    confirm(session, "Credit 5 ducats?", yes=False)
    assert asked == ["Credit 5 ducats? (profile rialto, \x1b[1;37;45mlive\x1b[0m)"]
    assert Session(mode="live").settings_note == " (live)"
    assert Session(mode="test").settings_note == ""
