"""Nothing in the journal can be changed or removed without `verify` finding it."""

import pytest
from sqlalchemy.exc import DBAPIError

from cascade_cli.adapters.journal.chain import hash_of
from cascade_cli.domain.records.journal_entries import EntryKind
from tests.adapters.journal.shared_journal import SharedJournal, claim, deliver, intent

COLUMNS = ("at", "kind", "key", "run", "host", "operator", "command", "body", "previous_hash")


@pytest.fixture
def full_journal(shared: SharedJournal) -> SharedJournal:
    """Two credits: ten entries, of which 1 and 6 are intents."""
    deliver(shared.journal(), ["cascade_payment_pi_1", "cascade_payment_pi_2"])
    return shared


def test_an_empty_journal_is_intact(shared: SharedJournal) -> None:
    verification = shared.journal().verify()
    assert (verification.is_intact, verification.entries) == (True, 0)


def test_an_untouched_journal_is_intact(full_journal: SharedJournal) -> None:
    verification = full_journal.journal().verify()
    assert (verification.is_intact, verification.entries) == (True, 10)


@pytest.mark.parametrize(
    "deed", ["UPDATE cascade_entries SET key = 'x'", "DELETE FROM cascade_entries"]
)
def test_the_database_refuses_to_change_or_remove_entries(
    full_journal: SharedJournal, deed: str
) -> None:
    with pytest.raises(DBAPIError, match="never changed or removed"):
        full_journal.sql(deed)
    assert full_journal.journal().verify().is_intact


@pytest.mark.parametrize("column", [*COLUMNS, "hash"])
def test_an_edited_column_is_found(full_journal: SharedJournal, column: str) -> None:
    full_journal.tamper(f"UPDATE cascade_entries SET {column} = {column} || ' ' WHERE seq = 4")
    verification = full_journal.journal().verify()
    assert verification.seq == 4
    assert verification.entries == 3


def test_an_edit_with_its_hash_made_anew_is_found_at_the_next_entry(
    full_journal: SharedJournal,
) -> None:
    entry = next(e for e in full_journal.journal().entries() if e.seq == 4)
    forged = {
        "seq": 4,
        "at": entry.at.isoformat(timespec="microseconds"),
        "kind": entry.kind.value,
        "key": entry.key,
        "run": entry.run,
        "host": entry.host,
        "operator": "nobody",
        "command": entry.command,
        "body": "{}",
        "previous_hash": entry.previous_hash,
        "base": entry.base,
    }
    change = f"operator = 'nobody', body = '{{}}', hash = '{hash_of(forged)}'"
    full_journal.tamper(f"UPDATE cascade_entries SET {change} WHERE seq = 4")
    verification = full_journal.journal().verify()
    assert verification.flaw == "entry 5 does not follow the entry before it"


@pytest.mark.parametrize("seq", [1, 5])
def test_a_removed_entry_is_found(full_journal: SharedJournal, seq: int) -> None:
    full_journal.tamper(f"DELETE FROM cascade_entries WHERE seq = {seq}")
    assert full_journal.journal().verify().flaw == f"entry {seq} is missing"


@pytest.mark.parametrize("first_removed", [10, 8, 1])
def test_a_removed_tail_is_found(full_journal: SharedJournal, first_removed: int) -> None:
    full_journal.tamper(f"DELETE FROM cascade_entries WHERE seq >= {first_removed}")
    verification = full_journal.journal().verify()
    assert verification.flaw == (
        f"the chain ends at entry {first_removed - 1}, and 10 were written"
    )


def test_a_removed_entry_whose_followers_moved_up_is_found(full_journal: SharedJournal) -> None:
    moves = [f"UPDATE cascade_entries SET seq = {n - 1} WHERE seq = {n}" for n in range(6, 11)]
    full_journal.tamper("DELETE FROM cascade_entries WHERE seq = 5", *moves)
    assert full_journal.journal().verify().seq == 5


def test_an_inserted_entry_is_found(full_journal: SharedJournal) -> None:
    names = ", ".join((*COLUMNS, "hash"))
    full_journal.tamper(
        f"INSERT INTO cascade_entries (seq, {names}) "
        f"SELECT 11, {names} FROM cascade_entries WHERE seq = 10"
    )
    assert full_journal.journal().verify().seq == 11


def test_an_entry_forged_onto_the_end_is_found(full_journal: SharedJournal) -> None:
    *_, last = full_journal.journal().entries()
    texts = dict.fromkeys(COLUMNS, "x") | {"body": "{}", "previous_hash": last.hash}
    values = ", ".join(f"'{texts[name]}'" for name in COLUMNS)
    full_journal.tamper(
        f"INSERT INTO cascade_entries (seq, {', '.join(COLUMNS)}, hash) "
        f"VALUES (11, {values}, '{hash_of({'seq': 11, 'base': '', **texts})}')"
    )
    assert full_journal.journal().verify().flaw == (
        "the chain ends at entry 11, and 10 were written"
    )


def test_swapped_entries_are_found(full_journal: SharedJournal) -> None:
    moves = [(3, 99), (4, 3), (99, 4)]
    full_journal.tamper(
        *(f"UPDATE cascade_entries SET seq = {to} WHERE seq = {seq}" for seq, to in moves)
    )
    assert full_journal.journal().verify().seq == 3


def test_a_missing_record_of_the_end_is_found(full_journal: SharedJournal) -> None:
    full_journal.tamper("DELETE FROM cascade_chain")
    assert not full_journal.journal().verify().is_intact


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM cascade_claims WHERE key = 'cascade_payment_pi_2'",
        "UPDATE cascade_claims SET citizen = 'lucia' WHERE key = 'cascade_payment_pi_2'",
        "UPDATE cascade_claims SET ducats = '1' WHERE key = 'cascade_payment_pi_2'",
        "UPDATE cascade_claims SET key = 'other' WHERE key = 'cascade_payment_pi_2'",
    ],
)
def test_a_claim_that_is_not_what_its_intent_promised_is_found(
    full_journal: SharedJournal, deed: str
) -> None:
    full_journal.sql(deed)
    verification = full_journal.journal().verify()
    assert (verification.seq, "was changed or removed" in verification.flaw) == (6, True)


def test_a_claim_without_an_intent_is_found(full_journal: SharedJournal) -> None:
    full_journal.sql(
        "INSERT INTO cascade_claims (key, citizen, ducats, cause, first_at, day, intent_seq, run, "
        "host, birth, operator, command, since, lease_until, pid) "
        "VALUES ('k', 'c', '1', 'manual', 'x', 'x', 77, '', '', '', '', '', '', '', 0)"
    )
    assert full_journal.journal().verify().flaw == "the claim k was edited or added"


def test_a_long_chain_is_verified_across_pages_while_others_write(shared: SharedJournal) -> None:
    journal = shared.journal()
    for start in range(0, 3000, 500):
        claim(journal, *(intent(str(number)) for number in range(start, start + 500)))
    reading = journal.entries()
    next(reading)
    journal.run_event({"phase": "meanwhile"})
    assert sum(1 for _ in reading) >= 2999
    assert journal.verify().entries == 3001
    *_, last = journal.entries()
    assert (last.kind, last.key) == (EntryKind.RUN, "")
