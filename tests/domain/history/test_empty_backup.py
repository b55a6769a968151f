"""What an empty backup would forget: the journal's own times, or no time at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cascade_cli.domain.history.restored import Backup, Forgotten, Present, RestorePlan
from cascade_cli.domain.records.journal_entries import Head

AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
EMPTY = Backup(Head("0" * 64, 0), None)


def test_it_names_the_times_of_the_entries_that_only_the_journal_has() -> None:
    lost = Forgotten(entries=3, since=AT, until=AT + timedelta(hours=1), events=1)
    plan = RestorePlan(EMPTY, Present(Head("1" * 64, 3), lost=lost))
    assert plan.forgets == "entries 1 to 3, 2026-11-01 08:00 UTC to 2026-11-01 09:00 UTC"
    assert [risk.command for risk in plan.risks] == [
        "cascade events replay --since 2026-11-01T08:00:00Z --dry-run"
    ]


def test_of_a_journal_that_cannot_be_read_it_names_no_time() -> None:
    plan = RestorePlan(EMPTY, Present(damage="it is no database"))
    assert plan.forgets == "everything ever done; what that was cannot be read"
    assert not any("2000" in risk.sentence for risk in plan.risks)


def test_the_base_is_still_looked_at_from_its_beginning() -> None:
    plan = RestorePlan(EMPTY, Present(Head("1" * 64, 3), lost=Forgotten(3, AT, AT)))
    assert plan.since.year == 2000
