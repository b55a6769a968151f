"""`doctor --bundle`: what it tells, and that nobody's names, ids, amounts or keys are in it."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from cascade_cli.cli.terminal.session import Outcome, Session, run_command
from cascade_cli.errors import NotFoundError
from cascade_cli.services.doctor import Doctor
from tests.cli.doctor.patient import Patient, closed_port
from tests.harness.commands import Answer, in_this_process
from tests.screens.terminal import Terminal, terminal

PARTS = ["versions", "settings", "doctor", "last-error", "runs", "schema", "sizes", "timings"]
NOBODY: dict[Any, Outcome] = {}
# The only places where a number stands as it is.
COUNTS = {
    *("number", "entries", "other_files", "other_tables", "options", "green", "amber", "red"),
    *("bytes", "free_bytes", "seconds", "sent", "line", "exit_code"),
}
# What the base's content says that cascade says as well: its tables, fields and words.
SCHEMA_KEYS = {"airtable_tables.name", "name", "type"}
OUR_WORDS = {
    "cascade",
    "credit",
    "executed",
    "failed",
    "error",
    "event",
    "payments",
    "pending",
    "read",
}
COUNTRY = {"US"}
# Spans of time, moments, and the names of files.
HARMLESS = re.compile(
    r"\b[0-9]+( (s|seconds?|minutes?|hours?|days?|weeks?|months?)|[smhdw])\b"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]+Z)?|\b[0-9]{2}:[0-9]{2}\b|\.sqlite3\b"
)


def parts_of(file: Path) -> dict[str, Any]:
    """The archive's JSON, by the names of the parts."""
    with ZipFile(file) as archive:
        return {
            Path(name).stem: json.loads(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".json")
        }


def text_of(file: Path) -> str:
    """All that can be read in it, its names too."""
    with ZipFile(file) as archive:
        names = archive.namelist()
        return "\n".join([*names, *(archive.read(name).decode() for name in names)])


@dataclass(frozen=True)
class Reported:
    """A bundle from the sandbox's week, and the week's whole content: each value, and its keys."""

    file: Path
    answer: Answer
    content: dict[str, set[str]]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reported]:
    """The week was repaired, so that the journal is full, and the last error names a citizen, a
    payment and an amount."""
    file = tmp_path_factory.mktemp("report") / "report.zip"
    with terminal() as week:
        week.sandbox("reconcile", "--repair", "--yes")
        content = content_of(week.folder / "sandbox.sqlite3")
        _fail(week, content)
        answer = week.ended(["--sandbox", "doctor", "--bundle", str(file), "--yes"], {}, piped=True)
        yield Reported(file, answer, content)


def _fail(week: Terminal, content: dict[str, set[str]]) -> None:
    citizen = next(v for v, keys in content.items() if "citizen_id" in keys and len(keys) > 1)
    payment = next(value for value in content if value.startswith("pi_"))
    told = f"{citizen} was not paid 4711.25 ducats for {payment}, says {citizen}'s journal."

    def work(_session: Session) -> Outcome:
        try:
            return NOBODY[citizen, payment, "4711"]
        except KeyError as error:
            raise NotFoundError(told, f"Ask {citizen}.") from error

    environ = {"CASCADE_STATE_DIR": str(week.folder)}
    assert run_command(Session(environ=environ), "credit", work) == 3


def content_of(file: Path) -> dict[str, set[str]]:
    """Every value in the sandbox's database, down to the leaves of its JSON, with its keys."""
    found: dict[str, set[str]] = {}

    def walk(value: Any, key: str) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                walk(each, name)
        elif isinstance(value, list):
            for each in value:
                walk(each, key)
        elif isinstance(value, str) and (document := _document(value)) is not None:
            walk(document, key)
        elif value is not None and not isinstance(value, bool):
            found.setdefault(str(value), set()).add(key)

    with closing(sqlite3.connect(file)) as base:
        tables = [
            row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            rows = base.execute(f"SELECT * FROM {table}")
            columns = [f"{table}.{column[0]}" for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    walk(value.decode() if isinstance(value, bytes) else value, column)
    return found


def _document(text: str) -> Any:
    """The JSON that a text is; None if it is none."""
    try:
        return json.loads(text) if text[:1] in {"{", "["} else None
    except ValueError:
        return None


def test_a_bundle_has_every_part(reported: Reported) -> None:
    assert (reported.answer.code, list(parts_of(reported.file))) == (0, PARTS)
    assert stat.S_IMODE(reported.file.stat().st_mode) == 0o600


def test_not_one_name_or_id_of_the_week_is_in_it(reported: Reported) -> None:
    text, told = text_of(reported.file), set()
    names = {
        value: keys
        for value, keys in reported.content.items()
        if value.strip() and not _is_number(value)
    }
    assert len(names) > 3000
    for value, keys in names.items():
        if not keys <= SCHEMA_KEYS and value in text and _stands_alone(value, text):
            told.add(value)
    assert told <= OUR_WORDS | COUNTRY


def test_not_one_amount_is_in_it(reported: Reported) -> None:
    amounts = {value for value in reported.content if _is_number(value)}
    assert len(amounts) > 500
    for part, document in parts_of(reported.file).items():
        if part != "versions":
            _check_numbers(document, amounts)


def _check_numbers(value: Any, amounts: set[str], key: str = "") -> None:
    """Numbers count things. In a sentence only moments and spans of time have digits."""
    if isinstance(value, dict):
        for name, each in value.items():
            _check_numbers(each, amounts, name)
    elif isinstance(value, list):
        for each in value:
            _check_numbers(each, amounts, key)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        assert key in COUNTS
    elif isinstance(value, str) and key not in {"version", "mode"}:
        digits = re.findall(r"[0-9][0-9.,]*", HARMLESS.sub("", value))
        assert not digits, (key, value)
        assert value not in amounts


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) is not None


def _stands_alone(value: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def test_it_shows_what_it_writes(reported: Reported) -> None:
    with ZipFile(reported.file) as archive:
        for name in archive.namelist():
            assert archive.read(name).decode() in reported.answer.out


def test_the_last_error_keeps_its_causes_and_places(reported: Reported) -> None:
    error = parts_of(reported.file)["last-error"]["error"]
    assert (error["kind"], error["command"], error["exit_code"]) == ("not_found", "credit", 3)
    assert [cause["type"] for cause in error["causes"]] == [
        "cascade_cli.errors.NotFoundError",
        "builtins.KeyError",
    ]
    place = {"file": "cascade_cli/cli/terminal/session.py", "function": "_attempt"}
    assert place.items() <= error["causes"][0]["where"][0].items()


def test_one_value_has_one_stand_in_everywhere(reported: Reported) -> None:
    error = parts_of(reported.file)["last-error"]["error"]
    (asked,) = re.findall(r"Ask (\S+)\.", error["hint"])
    assert re.fullmatch(r"citizen-[a-z]{6}|name-[a-z]{6}", asked)
    assert re.fullmatch(
        rf"{asked} was not paid number-\w+ ducats for pi-\w+, says {asked}'s journal\.",
        error["message"],
    )
    assert asked in error["causes"][1]["text"]


def test_it_tells_the_runs_and_the_shape_of_the_base(reported: Reported) -> None:
    parts = parts_of(reported.file)
    assert "reconcile --repair" in {run["command"] for run in parts["runs"]["runs"]}
    outcomes = [each for run in parts["runs"]["runs"] for each in run["outcomes"]]
    assert {"applied"} <= {each["what"] for each in outcomes}
    stratagems = parts["schema"]["tables"][0]
    assert {"name": "Notes", "type": "multilineText"}.items() <= stratagems["fields"][-1].items()
    assert {each["area"] for each in parts["timings"]["areas"]} >= {"stripe", "engine"}
    assert {each["service"] for each in parts["timings"]["requests"] if each["sent"]} == {
        *("Stripe", "Airtable", "Venice")
    }


SECRETS = {
    "STRIPE_WEBHOOK_SECRET": "whsec_ThatNobodyMayRead1",
    "VENICE_API_KEY": "venicekeyofwordsalone",
    "CASCADE_API_TOKEN": "correct horse battery".replace(" ", "-"),
    "CASCADE_ALERT_URLS": "slack://tokenA12345/tokenB12345/tokenC12345",
}


def bundle(patient: Patient, *words: str, **settings: str | None) -> Answer:
    """`doctor --bundle … --yes` in the patient's folder."""
    file = patient.folder / "report.zip"
    return patient.typed("doctor", "--bundle", str(file), "--yes", *words, **settings)


def test_no_key_reaches_the_bundle_or_the_kept_error(patient: Patient) -> None:
    misplaced = "rk_test_inTheWrongPlace42"
    settings = {**SECRETS, "CASCADE_PROCESSOR": misplaced}

    def work(session: Session) -> Outcome:
        session.secrets += SECRETS.values()
        raise NotFoundError(f"No {misplaced}: {' '.join(SECRETS.values())}")

    environ = {"CASCADE_STATE_DIR": str(patient.folder / "state")}
    assert run_command(Session(environ=environ), "credit", work) == 3
    answer = bundle(patient, "--json", **settings)
    kept = (patient.folder / "state" / "last-error.json").read_text()
    for place in (answer.out, answer.err, kept, text_of(patient.folder / "report.zip")):
        for secret in (misplaced, *SECRETS.values(), "tokenB12345", "sk_test_sandbox"):
            assert secret not in place
    given = {each["name"]: each for each in answer.data["bundle"]["parts"]["settings"]["settings"]}
    assert given["STRIPE_SECRET_KEY"] == {
        "name": "STRIPE_SECRET_KEY",
        "from": "environment",
        "value": "set (sk_test…)",
    }


def test_without_rights_keys_or_network_it_is_smaller(patient: Patient) -> None:
    nowhere = f"http://127.0.0.1:{closed_port()}"
    patient.journal_file.write_text("no database")
    answer = bundle(
        patient,
        STRIPE_API_BASE=nowhere,
        AIRTABLE_ENDPOINT_URL=nowhere,
        VENICE_API_URL=nowhere,
    )
    parts = parts_of(patient.folder / "report.zip")
    assert answer.code == 0
    assert list(parts) == [part for part in PARTS if part not in {"schema", "runs"}]
    assert parts["doctor"]["counts"]["red"] > 2
    assert "schema (rights)" in answer.out


def test_without_any_setting_there_is_a_bundle_all_the_same(no_settings: Path) -> None:
    file = no_settings / "report.zip"
    settings = {"CASCADE_STATE_DIR": str(no_settings / "none"), "CASCADE_GRACE": "Anna's"}
    answer = in_this_process(["doctor", "--bundle", str(file), "--yes"], settings)
    parts = parts_of(file)
    assert answer.code == 0
    assert not (no_settings / "none").exists()
    assert (parts["runs"], parts["last-error"]) == (
        {"journal": None},
        {"error": None, "doctor": []},
    )
    assert "Anna" not in text_of(file)


def test_an_unreadable_kept_error_is_left_out(patient: Patient) -> None:
    (patient.folder / "state" / "last-error.json").write_text("[]")
    answer = bundle(patient, "--json")
    assert answer.data["bundle"]["left_out"] == {"last-error": "ValueError"}


def test_two_bundles_of_one_machine_have_the_same_stand_ins(patient: Patient) -> None:
    texts = []
    for name in ("one.zip", "two.zip"):
        file = patient.folder / name
        patient.typed("doctor", "--bundle", str(file), "--yes")
        (found,) = [c for c in parts_of(file)["doctor"]["checks"] if c["code"] == "processor.there"]
        texts.append(found["found"])
    assert texts[0] == texts[1] != ""
    key = patient.folder / "state" / "stand-ins.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert bytes.fromhex(key.read_text()).hex() not in text_of(patient.folder / "two.zip")


def test_nothing_is_written_without_a_yes_or_over_another_file(patient: Patient) -> None:
    file = patient.folder / "report.zip"
    words = "doctor", "--bundle", str(file)
    assert patient.typed(*words).code == 7
    shown = patient.typed(*words, "--dry-run")
    assert (shown.code, "last-error.json" in shown.out) == (0, True)
    assert not file.exists()
    assert not (patient.folder / "state" / "stand-ins.key").exists()
    file.write_text("mine")
    refused = patient.typed(*words, "--yes")
    assert (refused.code, file.read_text()) == (2, "mine")
    assert "it exists already" in refused.err
    assert patient.typed("doctor", "--yes").code == 2


def test_doctor_s_own_refusal_is_not_the_last_error(patient: Patient) -> None:
    patient.typed("explain", "nobody_of_that_name")
    patient.typed("doctor", "--bundle", str(patient.folder / "report.zip"))
    bundle(patient)
    assert parts_of(patient.folder / "report.zip")["last-error"]["error"]["command"] == "explain"


def test_an_exception_in_doctor_is_kept_with_its_place(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer of a service is known to do that, so one area is broken from within."""
    monkeypatch.setattr(Doctor, "_processor", lambda _self: NOBODY["marco"])
    bundle(patient)
    ((cause,),) = parts_of(patient.folder / "report.zip")["last-error"]["doctor"]
    assert (cause["type"], cause["where"][0]["function"]) == ("builtins.KeyError", "_visit")
    assert "marco" not in text_of(patient.folder / "report.zip")
