"""Secrets from files, commands, systemd and the keyring: used, and never shown."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cascade_cli.sandbox.wire import Response
from tests.cli.terminal.conftest import manual_clock
from tests.harness import desktop_keyring
from tests.harness.commands import Answer, changed
from tests.harness.profiles import Machine
from tests.harness.sandboxed import Sandboxed

__all__ = ["manual_clock"]

STRIPE_KEY = "sk_test_Zw7distinctive"
# Nothing but its being a setting marks it as a key.
AIRTABLE_KEY = "patSandboxQx9distinctive"
KEYS = {"STRIPE_SECRET_KEY": STRIPE_KEY, "AIRTABLE_API_KEY": AIRTABLE_KEY}


@dataclass
class Given:
    """Both keys by one sort of source: in the environment, or in a profile."""

    machine: Machine
    sandboxed: Sandboxed
    settings: dict[str, str] = field(default_factory=dict)
    in_profile: bool = False

    def typed(self, *words: str, **settings: str | None) -> Answer:
        other = changed(self.sandboxed.environment(), **dict.fromkeys(KEYS))
        if self.in_profile:
            self.machine.write("lido", {**other, **self.settings})
            return self.machine.typed("--profile", "lido", *words, **settings)
        return self.machine.typed(*words, **{**other, **self.settings, **settings})


def by_value(given: Given, name: str, key: str) -> None:
    given.settings[name] = key


def by_file(given: Given, name: str, key: str) -> None:
    file = given.machine.home / f"{name}.key"
    file.write_text(f"{key}\n")
    file.chmod(0o600)
    given.settings[f"{name}_FILE"] = str(file)


def by_command(given: Given, name: str, key: str) -> None:
    """The command also writes down every process's arguments at that moment."""
    by_file(given, name, key)
    file = shlex.quote(given.settings.pop(f"{name}_FILE"))
    seen = shlex.quote(str(given.machine.home / "processes"))
    script = f"cat /proc/[0-9]*/cmdline >> {seen} 2>/dev/null; env >> {seen}; cat {file}"
    given.settings[f"{name}_COMMAND"] = f'sh -c "{script}"'


def by_credential(given: Given, name: str, key: str) -> None:
    folder = given.machine.home / "credentials"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(key)
    os.environ["CREDENTIALS_DIRECTORY"] = str(folder)


def by_keyring(given: Given, name: str, key: str) -> None:
    file = given.machine.home / "keyring"
    with file.open("a") as lines:
        lines.write(f"cascade/{name}={key}\n")
    os.environ["KEYRING_FILE"] = str(file)
    given.settings[name] = f"keyring:cascade/{name}"


SOURCES: dict[str, Callable[[Given, str, str], None]] = {
    "value": by_value,
    "file": by_file,
    "command": by_command,
    "credential": by_credential,
    "keyring": by_keyring,
}


@pytest.fixture
def given(
    no_settings: Path, sandboxed: Sandboxed, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Given]:
    import keyring  # noqa: PLC0415 - an extra, and slow

    for name in ("CREDENTIALS_DIRECTORY", "KEYRING_FILE"):
        monkeypatch.setenv(name, "")
    before = keyring.get_keyring()
    keyring.set_keyring(desktop_keyring.DesktopKeyring())  # type: ignore[no-untyped-call]
    yield Given(Machine(no_settings), sandboxed)
    keyring.set_keyring(before)


def leaks(*texts: str) -> list[str]:
    parts = (STRIPE_KEY, AIRTABLE_KEY, STRIPE_KEY[8:], AIRTABLE_KEY[3:])
    return [secret for secret in parts if any(secret in text for text in texts)]


def kept(machine: Machine) -> Iterator[str]:
    """All that lies in the state folder, and what the processes were seen with."""
    files = [path for path in machine.state.rglob("*") if path.is_file()]
    files += [path for path in [machine.home / "processes"] if path.exists()]
    for path in files:
        yield path.read_bytes().decode("latin-1")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("in_profile", [True, False])
def test_a_key_is_used_and_shown_nowhere(given: Given, source: str, *, in_profile: bool) -> None:
    given.in_profile = in_profile
    for name, key in KEYS.items():
        SOURCES[source](given, name, key)
    said = f"Bearer {STRIPE_KEY} and Bearer {AIRTABLE_KEY}".encode()
    requests = given.sandboxed.recorder.requests
    assert given.typed("-v", "reconcile").code in {0, 4, 5}
    sent = " ".join(str(request.headers) for request in requests)
    assert STRIPE_KEY in sent
    assert AIRTABLE_KEY in sent
    # As a debugging proxy might answer.
    echo = Response(400, b'{"error": {"message": "%s"}}' % said)
    given.sandboxed.recorder.break_from("stripe", 1, echo)
    given.sandboxed.recorder.break_from("airtable", 1, echo)
    answers = [
        given.typed(*words)
        for words in (
            ("-v", "reconcile"),
            ("-v", "doctor", "--json"),
            ("config", "show"),
            ("-v", "config", "check", "--json"),
            ("profile", "list", "--json"),
            ("schedule", "systemd"),
        )
    ]
    assert leaks(*(f"{answer.out}{answer.err}" for answer in answers)) == []
    assert leaks(*kept(given.machine)) == []
    assert "(secret)" in answers[0].err


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_asked_once_in_a_command(given: Given, source: str) -> None:
    for name, key in {**KEYS, "STRIPE_SECRET_KEY": "sk_test_sandbox"}.items():
        SOURCES[source](given, name, key if name != "AIRTABLE_API_KEY" else "patSandbox.sandbox")
    assert given.typed("reconcile").code == 0
    if source == "command":
        seen = (given.machine.home / "processes").read_text(errors="replace")
        assert seen.count("\nPATH=") + seen.startswith("PATH=") == 2


WRONG = {
    "no file": ("STRIPE_SECRET_KEY_FILE", "nowhere", "cannot be read: No such file"),
    "a folder": ("STRIPE_SECRET_KEY_FILE", "/", "cannot be read: Is a directory"),
    "an empty file": ("STRIPE_SECRET_KEY_FILE", "/dev/null", "gives an empty value"),
    "an endless file": ("STRIPE_SECRET_KEY_FILE", "/dev/zero", "is too long for a key"),
    "no command": ("STRIPE_SECRET_KEY_COMMAND", "/nowhere/pass show", "'/nowhere/pass' cannot be"),
    "an open quote": (
        "STRIPE_SECRET_KEY_COMMAND",
        "pass 'x",
        "is not a command: it is empty, or a quote is not closed",
    ),
    "a failing command": (
        "STRIPE_SECRET_KEY_COMMAND",
        f"sh -c 'echo {STRIPE_KEY}; echo {STRIPE_KEY} >&2; exit 3'",
        "the command 'sh' ended with exit code 3. Its output is not shown",
    ),
    "bytes": (
        "STRIPE_SECRET_KEY_COMMAND",
        rf"printf '{STRIPE_KEY}\377'",
        "what was read is not text",
    ),
    "silence": ("STRIPE_SECRET_KEY_COMMAND", "true", "gives an empty value"),
    "another key": (
        "STRIPE_SECRET_KEY_COMMAND",
        f"echo pk_{STRIPE_KEY}",
        "(by STRIPE_SECRET_KEY_COMMAND in the environment) begins with 'pk_'",
    ),
    "two words": ("STRIPE_SECRET_KEY_COMMAND", f"echo {STRIPE_KEY} {STRIPE_KEY}", "holds a space"),
    "no entry": ("STRIPE_SECRET_KEY", "keyring:cascade/nobody", "has nothing for cascade/nobody"),
    "no user": ("STRIPE_SECRET_KEY", "keyring:cascade", "does not name an entry of the keyring"),
    "locked": ("STRIPE_SECRET_KEY", "keyring:cascade/x", "the keyring did not answer: "),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_failed_source_is_named_without_its_output(given: Given, how: str) -> None:
    name, written, said = WRONG[how]
    if how == "no entry":
        by_keyring(given, "AIRTABLE_API_KEY", AIRTABLE_KEY)
    given.settings |= {"AIRTABLE_API_KEY": AIRTABLE_KEY, name: written}
    answer = given.typed("-v", "reconcile")
    assert answer.code == 4
    assert name in answer.err
    assert said in answer.err
    assert leaks(answer.err, answer.out) == []
    assert "Traceback" not in answer.err
    checked = given.typed("-v", "config", "check", "--json")
    assert checked.code == 4
    (red,) = [c for c in checked.data["checks"] if c["level"] == "red"]
    assert (red["name"], said in red["found"]) == ("STRIPE_SECRET_KEY", True)
    assert leaks(checked.out, checked.err) == []
    assert given.sandboxed.recorder.requests == []


class TestDotEnvThatNobodyNamed:
    LINES = (
        "STRIPE_SECRET_KEY_COMMAND=touch {witness}",
        "STRIPE_SECRET_KEY_FILE={home}/key",
        "STRIPE_SECRET_KEY=keyring:cascade/x",
    )

    def dot_env(self, given: Given, line: str, name: str = ".env") -> Path:
        home = given.machine.home
        (home / "key").write_text(STRIPE_KEY)
        (home / "keyring").write_text(f"cascade/x={STRIPE_KEY}\n")
        file = home / name
        file.write_text(line.format(witness=home / "witness", home=home) + "\n")
        file.chmod(0o600)
        return file

    @pytest.mark.parametrize("line", LINES)
    def test_cannot_make_cascade_run_or_read_anything(self, given: Given, line: str) -> None:
        file = self.dot_env(given, line)
        for words in (("reconcile",), ("config", "check"), ("config", "show")):
            answer = given.typed(
                *words, AIRTABLE_API_KEY="pat", KEYRING_FILE=str(file.parent / "keyring")
            )
            told = " ".join(f"{answer.out} {answer.err}".split())
            assert "must not cause that" in told
            assert answer.code == (0 if words[-1] == "show" else 4)
        assert not (file.parent / "witness").exists()
        assert given.sandboxed.recorder.to("stripe") == []

    @pytest.mark.parametrize("line", LINES)
    def test_a_named_file_may_make_it_run_and_read(self, given: Given, line: str) -> None:
        file = self.dot_env(given, line, "shop.env")
        keyring = str(file.parent / "keyring")
        given.typed(
            "--env-file", str(file), "reconcile", AIRTABLE_API_KEY="p", KEYRING_FILE=keyring
        )
        used = bool(given.sandboxed.recorder.to("stripe")) or (file.parent / "witness").exists()
        assert used

    def test_does_not_count_if_the_environment_has_the_key(self, given: Given) -> None:
        self.dot_env(given, self.LINES[0])
        given.settings = {**KEYS, "STRIPE_SECRET_KEY": "sk_test_sandbox"}
        given.settings["AIRTABLE_API_KEY"] = "patSandbox.sandbox"
        assert given.typed("reconcile").code == 0

    def test_does_not_count_in_the_sandbox(self, given: Given) -> None:
        self.dot_env(given, self.LINES[0])
        given.machine.typed("sandbox", "seed", "--scenario", "empty")
        assert given.machine.typed("--sandbox", "citizen", "show").code in {0, 4}
        assert not (given.machine.home / "witness").exists()


def test_the_sandbox_fetches_no_secret(given: Given) -> None:
    witness = given.machine.home / "witness"
    given.machine.write(
        "lido",
        {
            f"{name}_COMMAND": f"touch {witness}"
            for name in ("STRIPE_SECRET_KEY", "AIRTABLE_API_KEY", "CASCADE_API_TOKEN")
        },
    )
    given.machine.typed("--profile", "lido", "sandbox", "seed", "--scenario", "empty")
    for words in (("reconcile",), ("config", "show"), ("config", "check")):
        given.machine.typed("--profile", "lido", "--sandbox", *words)
    given.machine.typed("--profile", "lido", "config", "show")
    given.machine.typed("--profile", "lido", "journal", "list")
    assert not witness.exists()


def test_two_sources_of_one_key_are_refused(given: Given) -> None:
    given.settings = {"STRIPE_SECRET_KEY": STRIPE_KEY, "STRIPE_SECRET_KEY_FILE": "/x"}
    answer = given.typed("reconcile")
    assert answer.code == 4
    assert "STRIPE_SECRET_KEY and STRIPE_SECRET_KEY_FILE are set" in answer.err
    assert leaks(answer.err) == []


def test_a_command_runs_in_the_folder_of_its_profile_and_knows_no_other_key(given: Given) -> None:
    """`./key` in a profile must not run what somebody left in the folder that one works in."""
    given.in_profile = True
    given.settings = {"STRIPE_SECRET_KEY_COMMAND": "./key", "AIRTABLE_API_KEY": AIRTABLE_KEY}
    for folder, act in ((given.machine.home, "touch witness"), (given.machine.profiles, "env >&2")):
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / "key"
        script.write_text(f"#!/bin/sh\n{act}\nenv > {given.machine.home}/seen\necho {STRIPE_KEY}\n")
        script.chmod(0o700)
    given.typed("reconcile", CASCADE_API_TOKEN="a-token-of-the-environment")
    assert STRIPE_KEY in str(given.sandboxed.recorder.to("stripe")[0].headers)
    assert not (given.machine.home / "witness").exists()
    assert "a-token" not in (given.machine.home / "seen").read_text()


def test_a_relative_file_lies_beside_its_profile(given: Given) -> None:
    given.in_profile = True
    given.settings = {"STRIPE_SECRET_KEY_FILE": "stripe.key", "AIRTABLE_API_KEY": AIRTABLE_KEY}
    given.machine.profiles.mkdir(parents=True)
    (given.machine.profiles / "stripe.key").write_text(STRIPE_KEY)
    given.typed("reconcile")
    assert STRIPE_KEY in str(given.sandboxed.recorder.to("stripe")[0].headers)


def test_a_file_of_a_key_that_everybody_may_read_is_red(given: Given) -> None:
    by_file(given, "STRIPE_SECRET_KEY", "sk_test_sandbox")
    given.settings["AIRTABLE_API_KEY"] = "patSandbox.sandbox"
    assert given.typed("config", "check").code == 0
    Path(given.settings["STRIPE_SECRET_KEY_FILE"]).chmod(0o644)
    found = given.typed("config", "check", "--json")
    assert found.code == 4
    reds = [c for c in found.data["checks"] if c["level"] == "red"]
    assert [(c["code"], c["name"]) for c in reds] == [
        ("keys.world_readable", "STRIPE_SECRET_KEY_FILE")
    ]


def test_a_schedule_for_systemd_hands_over_the_files(given: Given) -> None:
    given.in_profile = True
    by_file(given, "STRIPE_SECRET_KEY", STRIPE_KEY)
    by_keyring(given, "AIRTABLE_API_KEY", AIRTABLE_KEY)
    answer = given.typed("schedule", "systemd")
    file = given.machine.home / "STRIPE_SECRET_KEY.key"
    assert f"\nLoadCredential=STRIPE_SECRET_KEY:{file}\n" in answer.out
    assert "AIRTABLE_API_KEY in profile lido is in the keyring" in answer.err


def test_systemd_credentials_win_over_the_profile(given: Given) -> None:
    """Which the service's user need not be able to read."""
    given.in_profile = True
    by_credential(given, "STRIPE_SECRET_KEY", STRIPE_KEY)
    given.settings = {"STRIPE_SECRET_KEY_FILE": "/nowhere", "AIRTABLE_API_KEY": AIRTABLE_KEY}
    given.typed("reconcile")
    assert STRIPE_KEY in str(given.sandboxed.recorder.to("stripe")[0].headers)


def test_a_binary_file_is_not_shown(given: Given) -> None:
    """Python's own error would repeat the bytes under -v."""
    (given.machine.home / ".env").write_bytes(
        f"STRIPE_SECRET_KEY={STRIPE_KEY}\xff".encode("latin-1")
    )
    answer = given.typed("-v", "reconcile")
    assert answer.code == 4
    assert leaks(answer.err) == []
