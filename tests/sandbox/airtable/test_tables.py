from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cascade_cli.sandbox.airtable import SCHEMA, Refusal, Tables
from cascade_cli.sandbox.store import Store
from tests.sandbox.airtable.conftest import ManualClock, new_sandbox


class AbandonedError(Exception):
    pass


def usernames(tables: Tables, formula: str | None = None) -> list[str]:
    return sorted(one["fields"]["Username"] for one in tables.select("CITIZENS", formula))


def opened(path: Path, clock: ManualClock, seed: int = 1) -> tuple[Store, Tables]:
    store = Store(path, SCHEMA)
    return store, new_sandbox(store, clock, seed).tables


def test_a_record_may_be_created_in_the_past(tables: Tables) -> None:
    at = datetime(2026, 11, 1, 8, 0, 0, 999_999, tzinfo=UTC)
    record = tables.create("STRATAGEMS", {"StratagemId": "s"}, at=at)
    assert record["createdTime"] == record["fields"]["CreatedAt"] == "2026-11-01T08:00:00.000Z"


def test_what_a_rolled_back_transaction_read_is_forgotten(tables: Tables, store: Store) -> None:
    tables.create("CITIZENS", {"Username": "before"})

    def abandoned() -> None:
        with store.write():
            tables.create("CITIZENS", {"Username": "undone"})
            assert usernames(tables) == ["before", "undone"]
            raise AbandonedError

    with pytest.raises(AbandonedError):
        abandoned()
    tables.create("CITIZENS", {"Username": "after"})
    assert usernames(tables) == ["after", "before"]


def test_a_rolled_back_change_of_the_schema_is_forgotten(
    tmp_path: Path, clock: ManualClock
) -> None:
    mine, here = opened(tmp_path / "base.sqlite", clock)
    yours, there = opened(tmp_path / "base.sqlite", clock)

    def abandoned() -> None:
        with mine.write():
            here.drop_field("CITIZENS", "Ducats")
            with pytest.raises(Refusal):
                here.create("CITIZENS", {"Ducats": 1})
            raise AbandonedError

    with pytest.raises(AbandonedError):
        abandoned()
    there.add_field("CITIZENS", {"name": "Guild", "type": "singleLineText"})
    here.create("CITIZENS", {"Ducats": 1, "Guild": "x"})
    mine.close()
    yours.close()


def test_an_update_is_seen_by_the_next_select(tables: Tables) -> None:
    record = tables.create("CITIZENS", {"Username": "old"})
    assert usernames(tables) == ["old"]
    tables.update("CITIZENS", record["id"], {"Username": "new"})
    assert usernames(tables) == ["new"]


def test_what_another_process_writes_is_seen(tmp_path: Path, clock: ManualClock) -> None:
    mine, here = opened(tmp_path / "base.sqlite", clock)
    yours, there = opened(tmp_path / "base.sqlite", clock)
    record = here.create("CITIZENS", {"Username": "m"})
    assert usernames(there) == ["m"]
    there.delete("CITIZENS", record["id"])
    assert usernames(here) == []
    there.add_field("CITIZENS", {"name": "Guild", "type": "singleLineText"})
    here.create("CITIZENS", {"Username": "g", "Guild": "x"})
    mine.close()
    yours.close()


def test_two_processes_with_the_same_seed_give_different_ids(
    tmp_path: Path, clock: ManualClock
) -> None:
    mine, here = opened(tmp_path / "base.sqlite", clock, seed=3)
    yours, there = opened(tmp_path / "base.sqlite", clock, seed=3)
    assert here.create("CITIZENS", {})["id"] != there.create("CITIZENS", {})["id"]
    mine.close()
    yours.close()


def test_the_same_seed_gives_the_same_records(clock: ManualClock) -> None:
    def fresh() -> list[str]:
        store = Store(":memory:", SCHEMA)
        tables = new_sandbox(store, clock, seed=5).tables
        ids = [tables.create("CITIZENS", {})["id"] for _ in range(5)]
        store.close()
        return ids

    assert fresh() == fresh()


def test_a_change_of_the_schema_survives(tmp_path: Path, clock: ManualClock) -> None:
    store, tables = opened(tmp_path / "base.sqlite", clock)
    tables.drop_table("TRANSACTIONS")
    store.close()
    store, tables = opened(tmp_path / "base.sqlite", clock)
    with pytest.raises(Refusal):
        tables.select("TRANSACTIONS")
    store.close()


def test_a_field_type_that_the_sandbox_lacks_is_an_error(tables: Tables) -> None:
    with pytest.raises(ValueError, match="multipleAttachments"):
        tables.add_field("CITIZENS", {"name": "Portrait", "type": "multipleAttachments"})


def test_a_field_is_not_added_twice(tables: Tables) -> None:
    with pytest.raises(ValueError, match="Ducats"):
        tables.add_field("CITIZENS", {"name": "Ducats", "type": "number"})


def test_threads_writing_at_once_lose_nothing(tables: Tables) -> None:
    def write(thread: int) -> None:
        for number in range(20):
            record = tables.create("CITIZENS", {"Username": f"{thread}-{number:02d}"})
            tables.update("CITIZENS", record["id"], {"Ducats": number})
            assert record["id"] in {one["id"] for one in tables.select("CITIZENS")}

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert len(usernames(tables)) == 80
    assert len(tables.select("CITIZENS", "{Ducats} >= 10")) == 40
