"""Any text comes back as it was, or is refused in so many words; secrets never get in."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cascade_cli.adapters.journal.entry_bodies import REDACTED
from cascade_cli.domain.records.journal_entries import ClaimState, Fate, Worker
from cascade_cli.errors import UsageError
from tests.adapters.journal.shared_journal import ANNA, LEASE, SharedJournal, claim, intent

TEXTS = st.text(st.characters(exclude_categories=()), max_size=40)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
AWKWARD = [
    "quote ' \" and `",
    "back\\slash \\x00 %s {} [red]",
    "two\nlines\r\n",
    "\u202eright to left\u202c שלום",
    "emoji 🪙",
    " spaces ",
    "x" * 10_000,
]
FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def is_storable(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def test_any_body_comes_back_as_it_was(shared: SharedJournal) -> None:
    journal = shared.journal()

    @FEW
    @given(st.dictionaries(TEXTS, JSON, max_size=3))
    def holds(body: dict[str, object]) -> None:
        journal.run_event(body)
        (entry,) = journal.entries(limit=1)
        assert entry.body == body

    holds()
    assert journal.verify().is_intact


def test_any_key_and_citizen_is_claimed_exactly_or_refused(shared: SharedJournal) -> None:
    journal, numbers = shared.journal(), itertools.count()

    @FEW
    @given(TEXTS, TEXTS)
    def holds(key: str, citizen: str) -> None:
        key = f"{key}{next(numbers)}"
        wanted = intent(key, citizen=citizen)
        if not is_storable(key + citizen):
            with pytest.raises(UsageError, match="NUL or half of a surrogate"):
                claim(journal, wanted)
            return
        assert claim(journal, wanted).state is ClaimState.HELD
        (entry,) = journal.entries(key=key)
        assert (entry.key, entry.body["citizen"]) == (key, citizen)
        assert claim(journal, intent(key, citizen=citizen + " ")).state is ClaimState.CONFLICT

    holds()
    assert journal.verify().is_intact


@pytest.mark.parametrize("awkward", AWKWARD, ids=range(len(AWKWARD)))
def test_awkward_names_and_references_are_kept_to_the_letter(
    shared: SharedJournal, awkward: str
) -> None:
    journal = shared.journal()
    key = f"cascade_manual_{awkward[:400]}"
    assert claim(journal, intent(key, citizen=awkward)).state is ClaimState.HELD
    journal.attempt([key], awkward, {awkward: awkward}, lease=LEASE)
    journal.outcome([key], awkward, Fate.APPLIED, {key: {"said": awkward}})
    *_, attempt, outcome = journal.entries(key=key)
    assert attempt.body == {"action": awkward, "detail": {awkward: awkward}}
    assert outcome.body["detail"] == {"said": awkward}
    assert claim(journal, intent(key, citizen=awkward)).state is ClaimState.HELD


def test_a_key_too_long_for_an_index_is_refused(shared: SharedJournal) -> None:
    journal = shared.journal()
    with pytest.raises(UsageError, match="2000 bytes"):
        claim(journal, intent("é" * 1001))
    # Random text, which PostgreSQL cannot compress.
    longest = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(666))
    assert claim(journal, intent(longest)).state is ClaimState.HELD


def test_a_key_that_no_journal_can_keep_has_no_entries(shared: SharedJournal) -> None:
    claim(shared.journal(), intent("a\\x00"))
    assert list(shared.journal().entries(key="a\0")) == []


def test_values_that_json_lacks_become_text(shared: SharedJournal) -> None:
    journal = shared.journal()
    moment = datetime(2026, 11, 20, 14, 2, 31, tzinfo=UTC)
    journal.run_event(
        {"rate": Decimal("0.10"), "at": moment, "bad": float("nan"), "fate": Fate.APPLIED}
    )
    (entry,) = journal.entries()
    assert entry.body == {
        "rate": "0.1",
        "at": "2026-11-20T14:02:31.000000+00:00",
        "bad": "nan",
        "fate": "applied",
    }


def everything_in(shared: SharedJournal) -> str:
    """All text of all tables."""
    tables = ("entries", "claims", "locks", "bases", "marks")
    with shared.engine.connect() as connection:
        rows = [connection.execute(text(f"SELECT * FROM cascade_{t}")).all() for t in tables]
    return repr(rows)


def test_secrets_are_written_nowhere(shared: SharedJournal) -> None:
    secret = "sk_test_" + "4eC39HqLyj"
    worker = Worker("run-1", "till-1", 7, f"op {secret}", f"cascade --key {secret}")
    journal = shared.journal(worker, secrets=["", secret, secret[:12]])
    claim(journal, intent("a", detail={secret: [f"Bearer {secret}", {"deep": secret}]}))
    journal.attempt(["a"], "create", {"header": secret}, lease=LEASE)
    journal.outcome(["a"], "create", Fate.REFUSED, {"a": {"answer": f"no such key: {secret}"}})
    journal.run_event({"error": secret})
    journal.set_mark("last", {"note": secret})
    with journal.lock("app", lease=LEASE):
        written = everything_in(shared)
    assert secret[8:] not in written
    assert written.count(REDACTED) >= 8
    assert journal.verify().is_intact


def test_a_secret_that_begins_with_another_is_taken_out_whole(shared: SharedJournal) -> None:
    journal = shared.journal(secrets=["venice", "venice-by-night"])
    journal.run_event({"error": "venice-by-night, venice"})
    (entry,) = journal.entries()
    assert entry.body["error"] == f"{REDACTED}, {REDACTED}"


def test_a_citizen_whose_name_holds_a_secret_is_still_the_same_citizen(
    shared: SharedJournal,
) -> None:
    journal = shared.journal(secrets=["marc"])
    claim(journal, intent("a", citizen="marco"))
    assert claim(journal, intent("a", citizen="marco")).state is ClaimState.HELD
    assert journal.verify().is_intact


def test_texts_of_the_operating_system_that_are_no_unicode_are_kept_readably(
    shared: SharedJournal,
) -> None:
    worker = Worker("run-1", "till-1", 7, "anna\udcff", "cascade \0")
    shared.journal(worker).run_event({})
    (entry,) = shared.journal(ANNA).entries()
    assert (entry.operator, entry.command) == ("anna\\udcff", "cascade \\x00")
