from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect

from tests.adapters.journal.shared_journal import SharedJournal
from tests.harness.postgresql import PostgresqlServer
from tests.harness.shop_day import ShopDay


def test_the_list_says_who_did_what_when_for_which_transfer(journaled: ShopDay) -> None:
    entries = journaled.cascade("journal", "list", "--json").data["entries"]
    key = journaled.stratagems()[0]["StratagemId"]
    of_key = [entry for entry in entries if entry["key"] == key]
    told = [(e["kind"], e["body"].get("action"), e["body"].get("fate")) for e in of_key]
    assert told == [
        ("intent", None, None),
        ("attempt", "create", None),
        ("outcome", "create", "applied"),
        ("attempt", "activate", None),
        ("outcome", "activate", "applied"),
        ("attempt", "notify", None),
        ("outcome", "notify", "applied"),
    ]
    assert {entry["command"] for entry in entries} == {"events replay"}
    assert all(entry["operator"] and entry["host"] for entry in entries)


def test_the_list_for_people_fits_80_columns(journaled: ShopDay) -> None:
    ended = journaled.cascade("journal", "list")
    assert "promised 100 ducats to 'marco'" in ended.out
    assert "activate: done" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_entries_can_be_narrowed_by_key_time_and_number(journaled: ShopDay) -> None:
    def numbers(*options: str) -> list[int]:
        ended = journaled.cascade("journal", "list", "--json", *options)
        return [entry["seq"] for entry in ended.data["entries"]]

    every = numbers()
    assert every == list(range(1, len(every) + 1))
    assert numbers("--key", "cascade_payment_pi_3Other") == []
    assert numbers("--limit", "2") == every[-2:]
    journaled.clock.advance(hours=3)
    assert numbers("--since", "1h") == []
    assert numbers("--until", "1h") == every
    assert journaled.cascade("journal", "list", "--since", "soon").code == 2


def test_reading_the_journal_needs_no_key_and_no_service(journaled: ShopDay) -> None:
    none = {"STRIPE_SECRET_KEY": "", "AIRTABLE_API_KEY": "", "AIRTABLE_BASE_ID": ""}
    for command in ("list", "verify", "export"):
        assert journaled.cascade("journal", command, **none).code == 0
    assert journaled.sandboxed.recorder.requests == []


def test_an_untouched_journal_is_intact_and_names_its_head(journaled: ShopDay) -> None:
    ended = journaled.cascade("journal", "verify", "--json")
    last = journaled.cascade("journal", "list", "--limit", "1", "--json").data["entries"][0]
    assert (ended.code, ended.data["intact"]) == (0, True)
    assert (ended.data["entries"], ended.data["head"]) == (last["seq"], last["hash"])
    shown = journaled.cascade("journal", "verify").out
    assert f"{last['seq']} entries" in shown
    assert last["hash"] in shown


# What was done to the journal, what is said of it, and of which entry.
TAMPERINGS = {
    "an entry was changed": (
        "UPDATE cascade_entries SET body = replace(body, '\"100\"', '\"900\"') WHERE seq = 2",
        "entry 2 was changed",
        2,
    ),
    "an entry was removed": (
        "DELETE FROM cascade_entries WHERE seq = 4",
        "entry 4 is missing",
        4,
    ),
    "the end was cut off": (
        "DELETE FROM cascade_entries WHERE seq > 5",
        "the chain ends at entry 5",
        6,
    ),
    "a claim was changed": (
        "UPDATE cascade_claims SET ducats = '1'",
        "the claim that entry 2 made",
        2,
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_found_and_says_where(
    journaled: ShopDay, shared: SharedJournal, tampering: str
) -> None:
    statement, flaw, seq = TAMPERINGS[tampering]
    shared.tamper(statement)
    ended = journaled.cascade("journal", "verify", "--json")
    assert (ended.code, ended.data["intact"], ended.data["seq"]) == (3, False, seq)
    assert flaw in ended.data["flaw"]
    assert flaw in ended.err


@pytest.mark.parametrize("content", [b"", b"no journal" * 1000])
def test_a_journal_that_cannot_be_read_ends_with_5(credited: ShopDay, content: bytes) -> None:
    for path in credited.journal.parent.glob("journal.sqlite3*"):
        path.unlink()
    credited.journal.write_bytes(content)
    for command in ("list", "verify", "export"):
        assert credited.cascade("journal", command).code == 5
    assert credited.journal.read_bytes() == content


@pytest.mark.parametrize("command", ["list", "verify", "export"])
def test_a_postgresql_that_does_not_answer_ends_with_5(day: ShopDay, command: str) -> None:
    day.settings["CASCADE_JOURNAL_URL"] = "postgresql://anna:s3cretword@127.0.0.1:9/cascade"
    ended = day.cascade("journal", command)
    assert ended.code == 5
    assert "s3cretword" not in ended.out + ended.err


def test_reading_an_empty_postgresql_makes_no_table(
    day: ShopDay, postgresql: PostgresqlServer
) -> None:
    day.settings["CASCADE_JOURNAL_URL"] = url = postgresql.new_url()
    assert day.cascade("journal", "list", "--json").data == {"entries": [], "left": 0}
    assert day.cascade("journal", "export").out == ""
    assert day.cascade("journal", "verify").code == 5
    with closing(SharedJournal(url)) as shared:
        assert inspect(shared.engine).get_table_names() == []


def test_where_there_is_no_journal_none_is_made(day: ShopDay) -> None:
    assert day.cascade("journal", "list", "--json").data == {"entries": [], "left": 0}
    export = day.cascade("journal", "export")
    assert (export.code, export.out) == (0, "")
    verify = day.cascade("journal", "verify")
    assert (verify.code, "There is no journal" in verify.err) == (5, True)
    assert not day.journal.parent.exists()


def test_the_export_is_json_lines_whose_hashes_form_a_chain(journaled: ShopDay) -> None:
    ended = journaled.cascade("journal", "export")
    entries = [json.loads(line) for line in ended.out.splitlines()]
    assert len(entries) > 1
    for earlier, later in itertools.pairwise(entries):
        assert later["previous_hash"] == earlier["hash"]


def test_an_export_to_a_file_is_private_and_never_replaces_another(
    journaled: ShopDay, tmp_path: Path
) -> None:
    output = tmp_path / "journal.jsonl"
    assert journaled.cascade("journal", "export", "--output", str(output)).code == 0
    written = output.read_text()
    assert written == journaled.cascade("journal", "export").out
    assert output.stat().st_mode & 0o077 == 0
    again = journaled.cascade("journal", "export", "--since", "1m", "--output", str(output))
    assert (again.code, output.read_text()) == (2, written)


def test_the_sandbox_has_a_journal_of_its_own(journaled: ShopDay) -> None:
    ended = journaled.cascade("--sandbox", "journal", "list", "--json")
    assert ended.data["entries"] == []


def head_of(shop: ShopDay) -> str:
    """As `verify` prints it."""
    *_, last = shop.cascade("journal", "verify").out.split()
    return last


def test_a_head_that_was_kept_proves_what_came_before_it(journaled: ShopDay) -> None:
    kept = head_of(journaled)
    hash_alone, _, number = kept.partition(":")
    journaled.sandboxed.pay(journaled.ago(hours=4))
    assert journaled.cascade("events", "replay", "--since", "1d", "--yes").code == 0
    for against in (kept, hash_alone, f" {kept.upper()} "):
        ended = journaled.cascade("journal", "verify", "--against", against)
        assert (ended.code, "since the head that you kept" in ended.out) == (0, True)
    assert int(head_of(journaled).partition(":")[2]) > int(number)


@pytest.mark.parametrize("form", ["{hash}:{number}", "{hash}"])
def test_a_journal_that_was_put_back_is_found_by_a_head_that_was_kept(
    journaled: ShopDay, form: str
) -> None:
    _, _, number = head_of(journaled).partition(":")
    other = head_of(journaled).translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
    assert journaled.cascade("journal", "verify", "--against", other).code == 3
    later = form.format(hash=other.partition(":")[0], number=int(number) + 1)
    ended = journaled.cascade("journal", "verify", "--against", later, "--json")
    assert (ended.code, ended.data["intact"]) == (3, False)
    assert "restored from an older copy" in ended.data["flaw"]


@pytest.mark.parametrize("text", ["", "last", "12", "f" * 63, "f" * 64 + ":x"])
def test_a_malformed_head_is_refused(journaled: ShopDay, text: str) -> None:
    ended = journaled.cascade("journal", "verify", "--against", text)
    assert (ended.code, "is not a head" in ended.err) == (2, True)


def test_a_blob_is_told_as_tampering_by_whatever_reads_it(
    credited: ShopDay,
) -> None:
    with closing(sqlite3.connect(credited.journal)) as journal, journal:
        journal.execute("UPDATE cascade_claims SET ducats = x'00ff'")
    ended = credited.cascade("journal", "verify")
    assert (ended.code, "was tampered with" in ended.err) == (3, True)
    assert credited.cascade("status", "--since", "1d").code == 3


def test_the_head_that_was_told_is_kept_outside_until_the_journal_no_longer_has_it(
    credited: ShopDay,
) -> None:
    kept = credited.journal.with_name("journal-heads.json")
    first = head_of(credited)
    assert json.loads(kept.read_text()) == {str(credited.journal): first}
    earlier = credited.journal.read_bytes()
    credited.sandboxed.pay(credited.ago(hours=4))
    assert credited.cascade("events", "replay", "--since", "1d", "--yes").code == 0
    second = head_of(credited)
    assert second != first
    for suffix in ("-wal", "-shm"):
        credited.journal.with_name(credited.journal.name + suffix).unlink(missing_ok=True)
    credited.journal.write_bytes(earlier)
    head_of(credited)
    assert json.loads(kept.read_text()) == {str(credited.journal): second}
