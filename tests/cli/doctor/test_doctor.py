"""The whole answer: what it promises whatever it finds."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain import doctor
from cascade_cli.domain.doctor.findings import TITLES, UNCHECKED, UNREAD, Check, Level
from cascade_cli.services.doctor import Doctor
from cascade_cli.services.doctor_settings import examine_settings
from cascade_cli.wiring.connection import effective
from cascade_cli.wiring.doctor import instruments
from cascade_cli.wiring.reading import prices_of
from tests.cli.doctor import patient as patients
from tests.cli.doctor.patient import FINDINGS, Examination, Patient, provokes


def test_a_healthy_shop_is_all_green(patient: Patient) -> None:
    found = patient.examined()
    assert (found.ill, found.code) == (set(), 0)
    assert {check["area"] for check in found.checks} == set(TITLES) - {"doctor"}


def test_every_amber_and_every_red_is_provoked_by_a_test() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"tests.cli.doctor.{module.name}")
    sayable = {finding.code for finding in FINDINGS if finding.level is not Level.GREEN}
    assert sorted(sayable - patients.PROVOKED) == []
    assert sorted(patients.PROVOKED - sayable) == []


def test_no_two_findings_have_the_same_code() -> None:
    assert len(patients.BY_CODE) == len(FINDINGS) > 100


def test_the_package_tells_in_which_file_each_area_is() -> None:
    told = re.findall(r"^    (\w+) {2,}([\w, ]+)$", doctor.__doc__ or "", re.MULTILINE)
    files = {name: set(areas.split(", ")) for name, areas in told if name != "file"}
    not_checked = {*UNCHECKED.values(), *UNREAD.values()}
    assert files == {
        name: {finding.code.partition(".")[0] for finding in findings - not_checked}
        for name, findings in patients.findings_by_file().items()
    }


def test_every_amber_and_every_red_says_what_to_do() -> None:
    # For these the consequence, or what to do, comes with what was seen; `provokes` looks at it.
    told_later = ("schema.", "journal.unusable", "journal.unwritable")
    for finding in FINDINGS:
        if finding.level is not Level.GREEN and not finding.code.startswith(told_later):
            assert finding.why, finding.code
            assert finding.advice, finding.code


def test_it_sends_nothing_but_reads(patient: Patient) -> None:
    patient.examined()
    requests = patient.sandboxed.recorder.requests
    assert len(requests) > 20
    assert {request.method for request in requests} == {"GET"}


def test_it_writes_nothing_to_the_journal(patient: Patient) -> None:
    before = patient.journal_file.read_bytes()
    with closing(patient.journal()) as journal:
        entries = list(journal.entries())
    patient.examined()
    with closing(patient.journal()) as journal:
        assert list(journal.entries()) == entries
    assert patient.journal_file.read_bytes() == before


def test_it_makes_no_journal_and_no_state_folder(patient: Patient) -> None:
    place = patient.folder / "elsewhere"
    found = patient.examined(CASCADE_STATE_DIR=str(place))
    assert found.of("journal.new") or found.of("journal.absent")
    assert not place.exists()


def test_no_key_is_in_its_answer(patient: Patient) -> None:
    keys = {"STRIPE_SECRET_KEY": "pk_no_key_at_all", "AIRTABLE_API_KEY": "patWrongButSecret.x"}
    for words in (("doctor",), ("doctor", "--json")):
        answer = patient.typed(*words, **keys)
        assert "pk_no_key_at_all" not in answer.out + answer.err
        assert "patWrongButSecret" not in answer.out + answer.err
        assert "whsec_sandbox" not in answer.out + answer.err


def test_it_looks_at_the_embedded_sandbox_too(patient: Patient) -> None:
    found = patient.examined("--sandbox", STRIPE_SECRET_KEY=None, AIRTABLE_API_KEY=None)
    assert {check["area"] for check in found.checks} == set(TITLES) - {"doctor"}
    # The seeded week has the older connector at work, and nobody has registered a webhook.
    assert found.ill == {"older.writing", "webhook.none"}
    assert patient.sandboxed.recorder.requests == []


def test_the_sandbox_gets_no_key_of_venice(patient: Patient) -> None:
    values = {"VENICE_API_KEY": "a-live-key", "VENICE_API_URL": "https://venice.example"}
    session = Session(sandbox=True, environ={"CASCADE_STATE_DIR": str(patient.folder)})
    with effective(session, values) as usable:
        assert "VENICE_API_KEY" not in usable
        assert usable["VENICE_API_URL"].startswith("http://127.0.0.1")


def test_people_can_tell_the_levels_apart_without_colour(patient: Patient) -> None:
    patient.fund(1)
    patient.live(patient.ago(hours=1))
    answer = patient.typed("doctor")
    assert answer.code == 4
    assert "RED    balance" in answer.out
    assert "→ cascade citizen replenish --by 99" in answer.out
    assert " fine: Settings " in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "\x1b" not in answer.out
    assert "ok     last run" in patient.typed("-v", "doctor").out


def test_counts_say_how_many_of_each_level(patient: Patient) -> None:
    patient.fund(1)
    found = patient.examined()
    levels = [check["level"] for check in found.checks]
    assert found.document["data"]["counts"] == {
        level: levels.count(level) for level in ("green", "amber", "red")
    }


@provokes("doctor.bug")
def test_an_area_that_breaks_off_hides_no_other(patient: Patient) -> Examination:
    """No answer of a service is known to do that, so one area is broken from within."""
    session = Session(environ=patient.sandboxed.environment())
    heard: list[Exception] = []
    with effective(session, dict(session.environ)) as values:
        examined = examine_settings(values, prices_of, session.now())
        with instruments(session, examined.settings, values) as tools:
            checks = _Clumsy(tools, heard.append).examine(examined.checks)
    assert [type(error) for error in heard] == [ZeroDivisionError]
    assert any(check.area == "clocks" for check in checks)
    return _examination(checks)


class _Clumsy(Doctor):
    def _processor(self) -> Iterable[Check]:  # type: ignore[override]
        yield from [1 / 0]  # type: ignore[misc]


def _examination(checks: list[Check]) -> Examination:
    listed = [
        {
            "code": check.code,
            "level": check.level.value,
            "found": check.found,
            "why": check.why,
            "advice": check.advice,
        }
        for check in checks
    ]
    return Examination(4, json.dumps({"ok": False, "data": {"checks": listed}}), "")
