"""Journal entries in a few words."""

from datetime import UTC, datetime

from cascade_cli.domain.explain.entry_sentences import describe_entry
from cascade_cli.domain.records.journal_entries import Entry, EntryKind


def _told(kind: EntryKind, **detail: object) -> str:
    body = {"citizen": "marco", "ducats": "525", "cause": "payment", "detail": detail}
    entry = Entry(
        seq=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        kind=kind,
        key="cascade_payment_pi_1",
        run="r",
        host="h",
        operator="o",
        command="credit",
        body=body,
        previous_hash="",
        hash="",
    )
    return describe_entry(entry)


def test_a_promise_tells_the_decision_it_rests_on() -> None:
    told = _told(EntryKind.INTENT, overrides=["although-underpaid"])
    assert told == "promised 525 ducats to 'marco', although underpaid"


def test_an_amendment_is_told_in_words() -> None:
    assert _told(EntryKind.AMENDMENT) == "now promised 525 ducats to 'marco'"
