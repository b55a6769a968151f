"""What cascade prints can be typed: every command that it names, wherever it names it, is complete,
global options included, and the command line accepts it."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.cli.app import COMMANDS, GROUPS, run
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.shop.shell import COMMANDS as KNOWN
from cascade_cli.domain.shop.shell import command, complete
from cascade_cli.settings import SETTINGS
from tests.cli.reconcile.report.reading import Page
from tests.docs.command_line import parse
from tests.end_to_end.agreement.lines import FILLED_IN

SANDBOX = ["--sandbox"]
_INCOMPLETE = re.compile(rf"cascade (?:{'|'.join(KNOWN)})\b.{{0,60}}")
_TO_TYPE = re.compile(r"^  \$ (cascade .*)$", re.MULTILINE)


class Week:
    """A seeded week in a sandbox of its own, and what cascade says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def say(self, *words: str) -> str:
        """All that the command prints, on both streams."""
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(out):
            for setting in SETTINGS:
                patch.delenv(setting.name, raising=False)
            patch.setenv("CASCADE_STATE_DIR", str(self.folder))
            patch.setenv("COLUMNS", "80")
            patch.chdir(self.folder)
            run(words)
        return out.getvalue()

    def json(self, *words: str) -> Any:
        """What it prints as one object."""
        asked = words if "--json" in words else (*words, "--json")
        return json.loads(self.say("-q", "--sandbox", *asked))


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    folder = tmp_path_factory.mktemp("week")
    week = Week(folder)
    week.say("sandbox", "seed", "--payments", "80", "--seed", "5")
    return week


@pytest.fixture(scope="module")
def items(week: Week) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = week.json("reconcile")["data"]["items"]
    return found


def _name(item: dict[str, Any]) -> str:
    names = (item["payment_intent"], item["charge"], *item["stratagem_ids"])
    return str(next(name for name in names if name))


def _commands(value: Any) -> Iterator[str]:
    """Every `command` in a JSON document that is to be typed."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "command" and isinstance(inner, str) and inner.startswith("cascade "):
                yield inner
            yield from _commands(inner)
    if isinstance(value, list):
        for inner in value:
            yield from _commands(inner)


def _check(line: str) -> None:
    words = shlex.split(line)
    assert words[:2] == ["cascade", "--sandbox"], line
    parse([FILLED_IN.get(word, word) for word in words[1:]])


def test_the_names_that_make_a_command_line_are_those_of_the_commands() -> None:
    assert {*KNOWN, "sandbox", "help"} == {*COMMANDS, *GROUPS}


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("cascade explain pi_1", "cascade --sandbox explain pi_1"),
        ("Create it: cascade citizen setup", "Create it: cascade --sandbox citizen setup"),
        ("see `cascade serve`, or cascade doctor.", "see `cascade --sandbox serve`, or {doctor}."),
        ("cascade writes the whole", "cascade writes the whole"),
        ("start cascade sandbox serve", "start cascade sandbox serve"),
        ("cascade --sandbox explain pi_1", "cascade --sandbox explain pi_1"),
        ("for 'cascade credit' it is", "for 'cascade credit' it is"),
    ],
)
def test_a_command_in_a_sentence_is_completed_and_nothing_else(text: str, completed: str) -> None:
    assert complete(text, SANDBOX) == completed.format(doctor="cascade --sandbox doctor")


@pytest.mark.parametrize(
    "reason", ["as cascade refund says", "it's cascade refund", "\tcascade refund"]
)
def test_what_is_quoted_in_a_command_stays_as_it_was_written(reason: str) -> None:
    line = command("credit", "marco", "5", "--reason", reason)
    assert complete(line, SANDBOX) == line.replace("cascade credit", "cascade --sandbox credit", 1)


def test_without_global_options_every_text_stays_as_it_is() -> None:
    assert complete("cascade explain pi_1", []) == "cascade explain pi_1"


def test_another_settings_file_belongs_into_what_is_to_be_typed(tmp_path: Path) -> None:
    session = Session(sandbox=True, env_file=tmp_path / "the shop.env")
    line = session.completed("cascade explain pi_1")
    assert line == f"cascade --sandbox --env-file '{tmp_path}/the shop.env' explain pi_1"


def test_text_json_csv_and_page_name_the_same_command_for_every_item(
    week: Week, items: Sequence[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    text = week.say("--sandbox", "reconcile", "--report", str(file))
    page = Page(file.read_text(encoding="utf-8"))
    rows = list(csv.DictReader(io.StringIO(week.say("-q", "--sandbox", "reconcile", "--csv"))))
    in_json = [item["repair"]["command"] for item in items]
    assert _TO_TYPE.findall(text) == in_json
    assert [row["repair_command"] for row in rows] == in_json
    assert [line for line in in_json if line not in page.text] == []
    assert len({line.split()[2] for line in in_json}) >= 3
    for line in in_json:
        _check(line)


def test_explain_names_the_command_that_reconcile_names(
    week: Week, items: Sequence[dict[str, Any]]
) -> None:
    for item in items[::3]:
        told = week.json("explain", "--json", "--", _name(item))["data"]["verdict"]
        line = item["repair"]["command"]
        if told["repair"]:
            assert told["repair"]["command"] == line
        else:
            assert " explain " in line


SAID = (
    ("status",),
    ("status", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("reconcile", "--repair", "--dry-run"),
    ("reconcile", "--repair"),
    ("stratagem", "list", "--json"),
    ("stratagem", "list", "--status", "stalled", "--json"),
    ("citizen", "show"),
    ("citizen", "show", "--json"),
    ("citizen", "replenish"),
    ("citizen", "replenish", "--to", "1"),
    ("events", "list"),
    ("events", "replay"),
    ("events", "replay", "--since", "7d", "--dry-run"),
    ("events", "replay", "--since", "7d", "--dry-run", "--json"),
    ("events", "replay", "--since", "60d", "--dry-run"),
    ("credit", "marco"),
    ("credit", "marco", "5", "--payment", "pi_1", "--reason", "x", "--yes"),
    ("credit", "marco", "5", "--reason", "x", "--yes"),
    ("credit", "marco", "5", "--reason", "x", "--yes", "--json"),
    ("checkout", "ConsiglioDeiDieci", "--ducats", "1"),
    ("checkout", "ConsiglioDeiDieci", "--package", "none"),
    ("refund", "pi_1", "--yes"),
    ("stratagem", "status", "pi_1"),
)


@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_every_command_that_is_named_concerns_the_sandbox(week: Week, words: Sequence[str]) -> None:
    said = " ".join(week.say("--sandbox", *words).split())
    said = said.removeprefix("cascade status ")
    assert _INCOMPLETE.findall(said) == []


def test_every_story_in_words_names_commands_of_the_sandbox(
    week: Week, items: Sequence[dict[str, Any]]
) -> None:
    for item in items[::4]:
        said = week.say("--sandbox", "explain", "--", _name(item))
        assert _INCOMPLETE.findall(" ".join(said.split())) == []
        for line in _TO_TYPE.findall(said):
            _check(line)


def test_every_transfers_command_can_be_typed(week: Week) -> None:
    rows = week.json("stratagem", "list")["data"]["stratagems"]
    lines = list(_commands(rows))
    assert lines
    for line in lines:
        _check(line)


def test_advice_on_a_transfer_that_waits_too_long_names_the_sandbox(week: Week) -> None:
    rows = week.json("stratagem", "list", "--status", "live")["data"]["stratagems"]
    late = [row for row in rows if "whether the engine runs at all" in row["meaning"]]
    for row in late:
        assert "(cascade --sandbox citizen show)" in row["meaning"]


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_what_is_scheduled_carries_the_global_options(
    week: Week, kind: str, tmp_path: Path
) -> None:
    (tmp_path / "shop.env").write_text("")
    file = str(tmp_path / "shop.env")
    said = week.say("--sandbox", "--env-file", file, "schedule", kind)
    assert f"--quiet --sandbox --env-file {file} reconcile --since last" in said


def test_what_others_wrote_is_left_as_it_is_in_json(week: Week) -> None:
    reason = "as cascade refund says"
    citizen = week.json("stratagem", "list")["data"]["stratagems"][0]["citizen"]
    week.say("--sandbox", "credit", citizen, "1", "--reason", reason, "--yes")
    rows = week.json("stratagem", "list")["data"]["stratagems"]
    assert [row["reason"] for row in rows if "refund" in row["reason"]] == [reason]
    entries = week.json("journal", "list")["data"]["entries"]
    assert reason in [entry["body"].get("detail", {}).get("reason") for entry in entries]
