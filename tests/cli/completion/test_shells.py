"""Tab in the real shells: what stands in the line afterwards, and what a program gets of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cascade_cli.cli.completion.answer import SHELLS
from tests.cli.completion.journals import BASE, HOSTILE, keep_run
from tests.cli.completion.shells import Shell

TAB, CLEAR = "\t", "\x15"
EXPLAIN = "cascade --sandbox explain"
PROFILED = "CASCADE_PROFILE=lido cascade credit Lorenzo"


@pytest.fixture(scope="module", params=SHELLS)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    home = tmp_path_factory.mktemp("home")
    keep_run(home / "state" / "sandbox-journal.sqlite3", HOSTILE)
    keep_run(home / "state" / "profiles" / "lido" / "journal.sqlite3", ("Lorenzo",))
    profile = home / ".config" / "cascade" / "profiles" / "lido.env"
    profile.parent.mkdir(parents=True)
    profile.write_text(f"AIRTABLE_BASE_ID={BASE}\nSTRIPE_SECRET_KEY_COMMAND='touch owned'\n")
    profile.chmod(0o600)
    shell = Shell(request.param, home)
    yield shell
    shell.close()


@pytest.fixture
def shell(started: Shell) -> Shell:
    """At an empty line."""
    started.types(CLEAR, "")
    return started


def test_tab_completes_what_can_be_typed(shell: Shell) -> None:
    shell.types(f"cascade recon{TAB}", "cascade reconcile")
    shell.types(f"--ki{TAB}mis{TAB}", "cascade reconcile --kind missing")
    shell.types(f"{CLEAR}cascade reconcile --kind=mis{TAB}", "cascade reconcile --kind=missing")
    planned = "cascade stratagem list --status planned"
    shell.types(f"{CLEAR}cascade stratagem li{TAB}--st{TAB}pl{TAB}", planned)
    shell.types(f"{CLEAR}cascade help exit{TAB}", "cascade help exit-codes")
    shell.types(f"{CLEAR}cascade credit --file sta{TAB}", "cascade credit --file state/")
    shell.types(f"{CLEAR}cascade help --man=sta{TAB}", "cascade help --man=state/")
    shell.types(f"{CLEAR}bin/{EXPLAIN} pi_0{TAB}4{TAB}", f"bin/{EXPLAIN} pi_0004")


def test_two_tabs_list_what_there_is_and_what_is_wrong_with_it(shell: Shell) -> None:
    shell.process.send(f"cascade --sandbox credit --payment pi_000{TAB}{TAB}")
    # bash has no room for words beside words.
    shell.until("pi_0002" if shell.name == "bash" else "missing, C;touch")


def test_whatever_a_citizen_is_called_the_name_is_one_word_and_nothing_runs(shell: Shell) -> None:
    for name in HOSTILE:
        shell.process.send(f"{EXPLAIN} {name[:1]}{TAB}")
        shell.until_line(lambda line: len(line) > len(EXPLAIN) + 3)
        assert shell.last_word() == name
    assert not Path(shell.home, "owned").exists()


def test_a_word_goes_on_where_it_was_begun(shell: Shell) -> None:
    """In a quote, or behind a character at which bash begins a new word."""
    shell.process.send(f'{EXPLAIN} "D{TAB}')
    shell.until_line(lambda line: "Söhne" in line)
    assert shell.last_word() == "D'Oro & Söhne"
    shell.process.send(f"cascade --sandbox reconcile --citizen=G@ho{TAB}")
    shell.until_line(lambda line: "host:1" in line)
    assert shell.last_word() == "--citizen=G@host:1"


def test_a_profile_and_its_own_citizens(shell: Shell) -> None:
    shell.types(f"cascade --profile li{TAB}", "cascade --profile lido")
    shell.types(f"explain L{TAB}", "cascade --profile lido explain Lorenzo")
    if shell.name != "bash":  # which does not tell what is set in the line
        shell.types(f"{CLEAR}CASCADE_PROFILE=lido cascade credit L{TAB}", PROFILED)
    assert not Path(shell.home, "owned").exists()


def test_an_unreadable_journal_only_empties_it(shell: Shell) -> None:
    journal = shell.home / "state" / "sandbox-journal.sqlite3"
    shell.types(f"{EXPLAIN} pi_{TAB}", f"{EXPLAIN} pi_000")
    kept = journal.rename(shell.home / "kept")
    journal.write_bytes(b"no database" * 1000)
    shell.types(f"{CLEAR}{EXPLAIN} pi_{TAB}!", f"{EXPLAIN} pi_!")
    shell.types(f"{CLEAR}cascade recon{TAB}", "cascade reconcile")
    assert "rror" not in shell.text
    kept.rename(journal)
