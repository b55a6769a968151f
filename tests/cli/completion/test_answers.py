"""What a shell is told, line by line, and what it costs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from cascade_cli.cli.app import COMMANDS, GROUPS
from cascade_cli.cli.completion.answer import SHELLS, VARIABLE, answer
from cascade_cli.cli.completion.journal_values import journal_place
from cascade_cli.cli.completion.line import FILE
from cascade_cli.cli.completion.table import SOURCES, VALUES, table, text
from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.wiring import Invocation
from cascade_cli.wiring import journal as wired
from tests.cli.completion.journals import AT, BASE, keep, keep_run, promise
from tests.harness.commands import ended, environment

SECRET = "sk_live_notforyou"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where Tab is pressed."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(line: str, settings: Mapping[str, str] | None = None) -> list[str]:
    """The words that bash gets."""
    kind, *words = answer("bash", {"_CASCADE_LINE": line, **(settings or {})}).splitlines()
    return words if kind == "words" else [kind]


def journal(home: Path, name: str = "journal") -> Path:
    return home / "state" / f"{name}.sqlite3"


def state(home: Path, **settings: str) -> dict[str, str]:
    return {"CASCADE_STATE_DIR": str(home / "state"), **settings}


def test_the_table_is_what_typer_declares() -> None:
    assert text() == Path(FILE).read_text(encoding="utf-8"), (
        "write it again: python -m cascade_cli.cli.completion.table"
    )


def test_every_source_belongs_to_an_existing_option_or_argument() -> None:
    used = {row["value"] for row in table()["rows"].values() if "value" in row}
    assert {*VALUES} <= used
    assert {*SOURCES.values()} <= used


# What only the person knows.
FREE = {
    *("--until", "--grace", "--limit", "--ping", "--reason", "--reference", "--ducats", "--every"),
    *("--write-off", "--snooze", "--host", "--port", "--message", "--currency", "--forward-to"),
    *("--against", "--at", "--to", "--by", "--timeout", "--keep", "-r"),
}
FREE_ARGUMENTS = {"init|0", "credit|1", "events replay|*", "profile default|0"}
"""Each is a command and its argument's position. `*` is one that may be repeated."""


def test_a_value_that_can_be_offered_is_offered() -> None:
    """The values of a new option or argument have a source in `table.SOURCES`, or nobody can know
    them."""
    free = {
        name
        for name, row in table()["rows"].items()
        if row.get("value") == "text" and not name.startswith("sandbox ")
    }
    options = {name for name in free if "|-" in name}
    assert {name.partition("|")[2] for name in options} == FREE
    assert free - options == FREE_ARGUMENTS


def test_commands_come_first_then_what_belongs_to_them() -> None:
    assert offered("cascade ") == [*COMMANDS, *GROUPS]
    assert offered("cascade journal v") == ["verify"]
    assert offered("cascade --sandbox -q status --j") == ["--json"]
    assert "--yes" in offered("cascade reconcile ")
    assert offered("cascade reconcil ") == []
    assert offered("cascade completion ") == [*SHELLS]


def test_an_option_is_offered_once_unless_it_may_be_repeated() -> None:
    again = offered("cascade reconcile -y --json --kind missing --")
    assert {"--kind", "--csv"} <= {*again}
    assert {"--yes", "--json"} & {*again} == set()
    assert offered("cascade reconcile -- --js") == []


def test_an_option_that_may_stand_without_its_number_takes_no_other_word() -> None:
    assert offered("cascade resolve pi_1 --credit --rea") == ["--reason"]
    assert offered("cascade resolve pi_1 --credit 5 --rea") == ["--reason"]
    assert offered("cascade resolve --credit pi", {"CASCADE_STATE_DIR": "/nowhere"}) == []


@pytest.mark.parametrize("line", ["cascade --env-file ", "cascade credit --file=a", 'cascade x "'])
def test_files_are_the_shell_s_own_and_an_open_quote_is_no_failure(line: str) -> None:
    assert offered(line) in (["files"], [])


def test_ids_and_citizens_are_those_of_the_last_run_the_gravest_first(home: Path) -> None:
    kinds = {"pi_1": "in_flight", "rec2": "orphan", "pi_3": "duplicate"}
    citizens = {"pi_1": "Lucia", "rec2": "Marco", "pi_3": "Lucia"}
    keep(journal(home), Checkpoint(AT, kinds, AT, AT, citizens=citizens).document())
    promise(journal(home), "cascade_payment_pi_9", "Anna")
    here = state(home)
    assert offered("cascade resolve ", here) == ["pi_3", "rec2", "pi_1"]
    assert offered("cascade refund ", here) == ["pi_3", "pi_1"]
    assert offered("cascade credit lu", here) == ["Lucia"]
    assert offered("cascade reconcile --citizen ", here) == ["Lucia", "Marco", "Anna"]
    assert offered("cascade journal list --key ", here) == ["cascade_payment_pi_9"]
    assert offered("cascade explain ca", here) == ["cascade_payment_pi_9"]
    said = answer("fish", {"_CASCADE_LINE": "cascade explain L", **here})
    assert said == "words\nLucia\tduplicate, in flight\n"


def test_in_a_shared_journal_only_the_own_shop_is_offered(home: Path) -> None:
    keep_run(journal(home), ("Lucia",))
    keep_run(journal(home), ("Lorenzo",), base="appTheOtherShop01")
    promise(journal(home), "cascade_payment_pi_9", "Leo", base="appTheOtherShop01")
    assert offered("cascade credit L", state(home, AIRTABLE_BASE_ID=BASE)) == ["Lucia"]


def test_the_sandbox_has_a_journal_of_its_own(home: Path) -> None:
    keep_run(journal(home), ("Live",))
    keep_run(journal(home, "sandbox-journal"), ("Lucia",))
    here = state(home, AIRTABLE_BASE_ID=BASE)
    assert offered("cascade explain L", here) == ["Live"]
    assert offered("cascade --sandbox explain L", here) == ["Lucia"]
    assert offered("cascade explain --sandbox L", here) == ["Lucia"]
    assert offered("cascade explain L", {**here, "CASCADE_SANDBOX": "1"}) == ["Lucia"]
    assert offered("CASCADE_SANDBOX=1 sudo cascade explain L", here) == ["Lucia"]


def test_control_characters_are_not_offered(home: Path) -> None:
    keep_run(journal(home), ("L\x1b[2J", "L\nrm", "L\u202e", "Lucia"))
    assert offered("cascade credit L", state(home)) == ["Lucia"]


def test_a_checkpoint_of_another_cascade_is_read_as_far_as_it_goes(home: Path) -> None:
    older = {"open": {"pi_1": "missing", "pi_2": "a kind to come"}}
    keep(journal(home), older)
    assert offered("cascade resolve ", state(home)) == ["pi_1", "pi_2"]
    keep(journal(home), {"open": ["pi_1"]})
    assert offered("cascade resolve ", state(home)) == []


def test_a_journal_that_somebody_holds_is_not_waited_for(home: Path) -> None:
    keep_run(journal(home), ("Lucia",))
    with closing(sqlite3.connect(journal(home))) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert offered("cascade credit L", state(home)) == []
    assert offered("cascade credit L", state(home)) == ["Lucia"]


@pytest.mark.parametrize(
    "settings",
    [
        {"CASCADE_JOURNAL_URL": f"postgresql://{SECRET}@127.0.0.1:9/x"},
        {"CASCADE_JOURNAL_URL": "nonsense"},
        {"CASCADE_STATE_DIR": "/proc/1/nowhere"},
        {"CASCADE_STATE_DIR": "\0"},
    ],
)
def test_without_a_readable_journal_nothing_is_offered(
    home: Path, settings: dict[str, str]
) -> None:
    assert offered("cascade explain ", state(home) | settings) == []


FILES = {
    "plain": "CASCADE_STATE_DIR={home}/kept\nSTRIPE_SECRET_KEY=sk_live_notforyou\n",
    "quoted": "export CASCADE_STATE_DIR='{home}/kept' # here\n",
    "url": 'CASCADE_JOURNAL_URL="sqlite:///{home}/kept/journal.sqlite3"\n',
    "twice": "CASCADE_STATE_DIR=/nowhere\nCASCADE_STATE_DIR={home}/kept\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_settings_of_a_file_say_where_the_journal_is(home: Path, name: str) -> None:
    keep_run(home / "kept" / "journal.sqlite3", ("Lucia",))
    file = home / "shop.env"
    file.write_text(FILES[name].format(home=home))
    assert offered(f"cascade --env-file {file} credit L") == ["Lucia"]
    assert offered("cascade --env-file ~/shop.env credit L", {"HOME": str(home)}) == []
    file.rename(home / ".env")
    assert offered("cascade credit L") == ["Lucia"]


@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"XDG_STATE_HOME": "/xdg"},
        {"CASCADE_STATE_DIR": "/kept"},
        {"CASCADE_STATE_DIR": "~/kept"},
        {"CASCADE_STATE_DIR": "kept"},
        {"CASCADE_JOURNAL_URL": "sqlite:////kept/j.db"},
        {"CASCADE_JOURNAL_URL": " sqlite:///kept/j.db?timeout=5 "},
        {"CASCADE_JOURNAL_URL": "sqlite+pysqlite:///j.db"},
        {"CASCADE_JOURNAL_URL": "postgresql://somebody@127.0.0.1/x"},
        {"CASCADE_SANDBOX": "1", "CASCADE_JOURNAL_URL": "sqlite:////kept/j.db"},
    ],
)
@pytest.mark.parametrize("written", [False, True])
def test_the_journal_is_where_every_command_finds_it(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    *,
    sandbox: bool,
    written: bool,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    environ = {"HOME": str(home)} | settings
    if written and "XDG_STATE_HOME" not in settings:
        (home / ".env").write_text("".join(f"{n}={v}\n" for n, v in settings.items()))
        environ = {"HOME": str(home)}
    invocation = Invocation(sandbox=sandbox, environ=environ)
    values = invocation.found
    invocation.enter_sandbox(values)
    chosen = "" if invocation.sandbox else values.get("CASCADE_JOURNAL_URL", "").strip()
    found = wired.journal_file(invocation, chosen)
    place = journal_place({"--sandbox": ""} if sandbox else {}, environ)
    assert place == (None if found is None else (str(found), ""))


HEAVY = {
    *("typer", "click", "rich", "pydantic", "sqlalchemy", "stripe", "pyairtable", "requests"),
    *("dotenv", "pathlib", "dataclasses", "typing", "socket", "ssl", "cascade_cli.settings"),
}


@pytest.mark.parametrize("line", ["cascade rec", "cascade credit L"])
def test_a_tab_imports_next_to_nothing(home: Path, line: str) -> None:
    keep_run(journal(home), ("Lucia",))
    (home / ".env").write_text(f"AIRTABLE_BASE_ID={BASE}\nSTRIPE_SECRET_KEY={SECRET}\n")
    script = (
        "import atexit, sys\nbefore = set(sys.modules)\n"
        "atexit.register(lambda: print(*set(sys.modules) - before, file=sys.stderr))\n"
        "from cascade_cli.__main__ import main; main()"
    )
    asked = environment(home, **{VARIABLE: "bash", "_CASCADE_LINE": line})
    done = subprocess.run(
        [sys.executable, "-c", script], env=asked, cwd=home, capture_output=True, check=True
    )
    assert {*done.stderr.decode().split()} & HEAVY == set()
    assert done.stdout.decode().splitlines()[1] in {"reconcile", "Lucia"}


def test_an_unknown_shell_gets_no_answer(home: Path) -> None:
    asked = environment(home, **{VARIABLE: "tcsh", "_CASCADE_LINE": "cascade "})
    done = ended([sys.executable, "-m", "cascade_cli"], home, asked)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_profiles_are_offered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "config" / "cascade" / "profiles"
    folder.mkdir(parents=True)
    for name in ("lido", "rialto"):
        (folder / f"{name}.env").write_text("CASCADE_GRACE=15m\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    assert offered("cascade --profile ") == ["lido", "rialto"]
