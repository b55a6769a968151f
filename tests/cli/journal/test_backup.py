"""`cascade journal backup`: all of the journal in one file, which proves itself."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.journal.shared_journal import SharedJournal
from tests.harness.shop_day import ShopDay


def _backup(shop: ShopDay, *words: str) -> Path:
    ended = shop.cascade("journal", "backup", *words, "--json")
    assert ended.code == 0, ended.err
    return Path(ended.data["file"])


def test_a_backup_is_one_private_file_with_all_that_the_journal_has(
    journaled: ShopDay, tmp_path: Path
) -> None:
    file = _backup(journaled, str(tmp_path / "b.sqlite3"))
    assert [path.name for path in tmp_path.glob("b.sqlite3*")] == ["b.sqlite3"]
    assert file.stat().st_mode & 0o777 == 0o600
    read = {"CASCADE_JOURNAL_URL": f"sqlite:///{file}"}
    for command in ("verify", "list"):
        here, there = (journaled.cascade("journal", command, "--json", **s) for s in ({}, read))
        assert here.data == there.data
    with closing(sqlite3.connect(file)) as connection:
        for table in ("claims", "locks", "bases", "marks", "events"):
            connection.execute(f"SELECT * FROM cascade_{table}").fetchall()
        (claims,) = connection.execute("SELECT count(*) FROM cascade_claims").fetchone()
    assert claims == 1


def test_a_backup_says_its_head_which_counts_as_told_from_now_on(
    credited: ShopDay, tmp_path: Path
) -> None:
    ended = credited.cascade("journal", "backup", str(tmp_path / "b.sqlite3"))
    assert "Backed up and verified" in ended.out
    head = ended.out.split()[-1]
    assert credited.cascade("journal", "verify", "--against", head).code == 0
    kept = json.loads(credited.journal.with_name("journal-heads.json").read_text())
    assert kept == {str(credited.journal): head}


def test_a_backup_removes_the_drafts_of_killed_ones_once_they_are_a_day_old(
    credited: ShopDay, tmp_path: Path
) -> None:
    draft, backup = "0123456789abcdef" * 2, "cascade-journal-20261130T120000Z.sqlite3"
    old = [f"{backup}.{draft}", f"{backup}.{draft}-wal", f"b.sqlite3.{draft}-journal"]
    kept = ["b.sqlite3.mine", f"mine.{draft}", backup, f"{backup}.{draft[::-1]}"]
    for name in (*old, *kept):
        (tmp_path / name).write_text("")
    for name in (*old, *kept[:-1]):
        os.utime(tmp_path / name, (0, 0))
    _backup(credited, str(tmp_path / "b.sqlite3"))
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {*kept, "b.sqlite3"}


def test_a_backup_replaces_no_file(credited: ShopDay, tmp_path: Path) -> None:
    file = tmp_path / "b.sqlite3"
    file.write_text("mine")
    ended = credited.cascade("journal", "backup", str(file))
    assert (ended.code, "exists already" in ended.err) == (2, True)
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.glob("b.sqlite3*")] == ["b.sqlite3"]


def test_in_a_folder_the_newest_are_kept_and_strangers_left_alone(
    credited: ShopDay, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "notes.sqlite3").write_text("mine")
    made = []
    for _ in range(3):
        made.append(_backup(credited, str(folder), "--keep", "2").name)
        credited.clock.advance(days=1)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*made[1:], "notes.sqlite3"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("missing/b.sqlite3",), 2, "cannot be written"),
        (("b.sqlite3", "--keep", "3"), 2, "needs a folder"),
    ],
)
def test_where_no_backup_can_be_made_nothing_is_left(
    credited: ShopDay, words: tuple[str, ...], code: int, said: str
) -> None:
    ended = credited.cascade("journal", "backup", *words)
    assert (ended.code, said in ended.err) == (code, True)
    assert not list(credited.folder.glob("*.sqlite3*"))


def test_without_a_journal_there_is_nothing_to_back_up(day: ShopDay) -> None:
    ended = day.cascade("journal", "backup", "b.sqlite3")
    assert (ended.code, "There is no journal" in ended.err) == (5, True)
    assert not list(day.folder.glob("b.sqlite3*"))


def test_a_tampered_journal_is_not_backed_up(credited: ShopDay) -> None:
    with closing(SharedJournal(f"sqlite:///{credited.journal}")) as shared:
        shared.tamper("UPDATE cascade_claims SET ducats = '1'")
    ended = credited.cascade("journal", "backup", "b.sqlite3")
    assert (ended.code, "was tampered with" in ended.err) == (3, True)
    assert not list(credited.folder.glob("b.sqlite3*"))


def test_a_backup_beside_the_journal_is_warned_of(credited: ShopDay) -> None:
    ended = credited.cascade("journal", "backup", str(credited.journal.with_name("b.sqlite3")))
    assert (ended.code, "a broken disk takes both" in ended.err) == (0, True)
