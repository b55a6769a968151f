from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cascade_cli.cli.reconcile.report.stories import LONGEST_TEXT, ReportStory
from cascade_cli.domain.history.checkpoint import Changes
from tests.cli.reconcile.report.samples import view
from tests.domain.samples import NOW, PAID, a_charge, keyed


def the_story(*arguments: object, **named: object) -> ReportStory:
    findings = view(*arguments, **named).findings  # type: ignore[arg-type]
    assert findings
    (story,) = findings.cases[0].stories
    return story


def test_a_story_tells_in_order_what_happened() -> None:
    charge = a_charge()
    stalled = keyed(charge, status="active", expires_at=PAID + timedelta(minutes=5))
    assert the_story([charge], [stalled]).timeline == (
        ("2026-11-19 09:00 UTC", "paid 10.00 USD"),
        ("2026-11-19 09:01 UTC", "stratagem made for marco"),
        ("2026-11-19 09:05 UTC", "stratagem expired unexecuted"),
    )


def test_of_several_stratagems_each_has_its_number_and_its_moments_among_the_others() -> None:
    charge = a_charge()
    first = keyed(charge, record_id="rec1", executed_at=PAID + timedelta(hours=1))
    second = replace(first, record_id="rec2", created_at=PAID + timedelta(minutes=2))
    told = [what for _, what in the_story([charge], [first, second]).timeline]
    assert told == [
        "paid 10.00 USD",
        "stratagem 1 made for marco",
        "stratagem 2 made for marco",
        "stratagem 1 executed",
        "stratagem 2 executed",
    ]


def test_a_story_says_what_to_type_and_whether_a_machine_may() -> None:
    story = the_story([a_charge()])
    assert story.automatic
    assert story.command.startswith("cascade credit marco 100 --payment pi_1")


def test_a_command_is_shown_whole_however_long_it_is() -> None:
    citizen = "m" * LONGEST_TEXT
    story = the_story([a_charge(citizen=citizen)])
    assert story.command.startswith(f"cascade credit {citizen} 100 --payment pi_1")


def test_a_text_that_is_too_long_says_how_long_it_was() -> None:
    story = the_story([a_charge(citizen="m" * 10_000)])
    assert story.citizen.endswith("m… (10,000 characters)")
    assert len(story.citizen) < LONGEST_TEXT + 50


def test_the_verdict_is_not_repeated_among_its_evidence() -> None:
    story = the_story([a_charge()])
    assert story.verdict == "no stratagem was ever made for it"
    assert story.verdict not in story.evidence


def test_compared_with_an_earlier_run_each_is_new_or_still_open() -> None:
    changes = Changes(NOW - timedelta(days=1), new=("pi_1",), solved=(), still_open=("pi_2",))
    findings = view([a_charge("1"), a_charge("2")], changes=changes).findings
    assert findings
    assert {s.name: s.news for cases in findings.cases for s in cases.stories} == {
        "pi_1": "new",
        "pi_2": "still open",
    }


def test_without_an_earlier_run_nothing_is_called_new() -> None:
    assert the_story([a_charge()]).news == ""
