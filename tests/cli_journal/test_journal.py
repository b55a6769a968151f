from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.shop_day import ShopDay


@pytest.fixture
def journaled(day: ShopDay) -> ShopDay:
    """One payment, credited by a replay."""
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=5))
    assert day.cascade("events", "replay", "--since", "1d", "--yes").code == 0
    day.sandboxed.recorder.requests.clear()
    return day


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


def _change(connection: sqlite3.Connection) -> None:
    sql = "UPDATE cascade_entries SET body = replace(body, '\"100\"', '\"900\"') WHERE seq = 2"
    assert connection.execute(sql).rowcount == 1


def _remove_one(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM cascade_entries WHERE seq = 4")


def _cut_off(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM cascade_entries WHERE seq > 5")


def _lower_claim(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE cascade_claims SET ducats = '1'")


TAMPERINGS: dict[str, tuple[Callable[[sqlite3.Connection], None], str, int]] = {
    "an entry was changed": (_change, "entry 2 was changed", 2),
    "an entry was removed": (_remove_one, "entry 4 is missing", 4),
    "the end was cut off": (_cut_off, "the chain ends at entry 5", 6),
    "a claim was changed": (_lower_claim, "the claim that entry 2 made", 2),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_found_and_says_where(journaled: ShopDay, tampering: str) -> None:
    tamper, flaw, seq = TAMPERINGS[tampering]
    with closing(sqlite3.connect(journaled.journal)) as connection:
        for deed in ("update", "delete"):
            connection.execute(f"DROP TRIGGER cascade_entries_no_{deed}")
        tamper(connection)
        connection.commit()
    ended = journaled.cascade("journal", "verify", "--json")
    assert (ended.code, ended.data["intact"], ended.data["seq"]) == (3, False, seq)
    assert flaw in ended.data["flaw"]
    assert flaw in ended.err


@pytest.mark.parametrize("content", [b"", b"no journal" * 1000])
def test_a_journal_that_cannot_be_read_ends_with_5(journaled: ShopDay, content: bytes) -> None:
    for path in journaled.journal.parent.glob("journal.sqlite3*"):
        path.unlink()
    journaled.journal.write_bytes(content)
    for command in ("list", "verify", "export"):
        assert journaled.cascade("journal", command).code == 5
    assert journaled.journal.read_bytes() == content


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
