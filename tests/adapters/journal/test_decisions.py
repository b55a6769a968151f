"""What people decided: on record for ever, and the newest about each case remembered."""

from __future__ import annotations

import pytest

from cascade_cli.errors import GuardError
from tests.adapters.journal.shared_journal import SharedJournal

RULING = {"record": "rec1", "seen": "x", "ruling": "moved", "settles": "", "instead_of": ""}


def test_the_newest_decision_about_a_case_is_remembered_and_all_stay_on_record(
    shared: SharedJournal,
) -> None:
    journal = shared.journal()
    first, second = {"how": "snooze", "by": "anna"}, {"how": "accept", "by": "zorzi"}
    journal.keep_decision("pi_1", first, {}, seen=None)
    journal.keep_decision("pi_1", second, {"rec1": RULING}, seen=first)
    assert journal.decisions() == {"pi_1": second}
    assert journal.rulings() == {"rec1": RULING}
    entries = list(journal.entries(key="cascade_decision_pi_1"))
    assert [entry.body["decision"]["how"] for entry in entries] == ["snooze", "accept"]
    assert journal.verify().is_intact


def test_of_two_who_decide_at_once_the_second_is_refused(shared: SharedJournal) -> None:
    journal = shared.journal()
    journal.keep_decision("pi_1", {"how": "accept", "by": "anna"}, {}, seen=None)
    with pytest.raises(GuardError, match="anna"):
        journal.keep_decision("pi_1", {"how": "credit", "by": "zorzi"}, {}, seen=None)
    assert journal.decisions() == {"pi_1": {"how": "accept", "by": "anna"}}
