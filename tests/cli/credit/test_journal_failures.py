"""Without its journal cascade moves no ducats, and says what to do."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.harness.commands import Answer
from tests.harness.counter import Counter

ORDER = ("marco", "5", "--reference", "r1")


def journal_file(counter: Counter) -> Path:
    return Path(counter.environment()["CASCADE_STATE_DIR"]) / "journal.sqlite3"


def refused(counter: Counter, **settings: str) -> Answer:
    """A credit that must write nothing to the base and end with 5, naming the journal."""
    writes = len(counter.writes)
    answer = counter.credit(*ORDER, **settings)
    assert answer.code == 5
    assert "The journal" in answer.err
    assert len(counter.writes) == writes
    return answer


@pytest.fixture
def journal(counter: Counter) -> Path:
    """A journal that knows of one earlier credit."""
    assert counter.credit("lucia", "7").code == 0
    return journal_file(counter)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """What a full disk does to writes; Python ignores the signal and sees the error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 100, 4096])
def test_on_a_full_disk_no_journal_begins_and_no_ducats_move(counter: Counter, size: int) -> None:
    with files_no_larger_than(size):
        refused(counter)
    assert counter.credit(*ORDER).code == 0


def test_on_a_disk_that_is_full_by_now_no_ducats_move(counter: Counter, journal: Path) -> None:
    wal = journal.with_name(journal.name + "-wal")
    size = wal.stat().st_size if wal.exists() else 0
    with files_no_larger_than(size):
        answer = refused(counter)
    assert "free disk space" in answer.err
    assert counter.credit(*ORDER).code == 0


def test_a_journal_locked_by_another_program_moves_no_ducats(
    counter: Counter, journal: Path
) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = refused(counter)
    assert "stayed locked by another process" in answer.err
    assert counter.credit(*ORDER).code == 0


def cut(size: int) -> Callable[[Path], None]:
    def damage(journal: Path) -> None:
        with journal.open("r+b") as file:
            file.truncate(size)

    return damage


def overwrite(journal: Path) -> None:
    journal.write_bytes(b"these are no ducats " * 500)


@pytest.mark.parametrize(
    "damage", [cut(0), cut(10), cut(5000), overwrite], ids=["empty", "10", "5000", "other"]
)
def test_a_damaged_journal_moves_no_ducats_and_is_left_as_it_is(
    counter: Counter, journal: Path, damage: Callable[[Path], None]
) -> None:
    for suffix in ("-wal", "-shm"):
        journal.with_name(journal.name + suffix).unlink(missing_ok=True)
    damage(journal)
    before = journal.read_bytes()
    answer = refused(counter)
    assert "backup" in answer.err
    assert journal.read_bytes() == before


@pytest.mark.parametrize("name", ["a_file/journal.sqlite3", "a_folder"])
def test_a_journal_in_an_impossible_place_moves_no_ducats(
    counter: Counter, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a_file").write_text("no folder")
    (tmp_path / "a_folder").mkdir()
    refused(counter, CASCADE_JOURNAL_URL=f"sqlite:///{tmp_path / name}")


def test_a_journal_in_a_folder_that_nobody_may_write_moves_no_ducats(counter: Counter) -> None:
    # Even root may not write there; where there is no /proc, its parent is as forbidden.
    refused(counter, CASCADE_JOURNAL_URL="sqlite:////proc/cascade/journal.sqlite3")


def test_a_journal_server_that_is_not_there_moves_no_ducats(counter: Counter) -> None:
    url = "postgresql://cascade:hidden@127.0.0.1:1/journal"
    answer = refused(counter, CASCADE_JOURNAL_URL=url)
    assert "hidden" not in answer.err


def test_a_repair_without_its_journal_writes_nothing(counter: Counter, journal: Path) -> None:
    counter.paid()
    cut(0)(journal)
    writes = len(counter.writes)
    assert counter.type("reconcile", "--repair", "--yes").code == 5
    assert len(counter.writes) == writes


@pytest.mark.parametrize("failing", range(1, 9))
def test_a_disk_that_fills_up_in_the_middle_leaves_what_the_next_run_finishes(
    counter: Counter, journal: Path, failing: int
) -> None:
    """The journal fails at its n-th write; whatever was sent by then, the ducats move once."""
    before = len(counter.rows())
    with sqlite3.connect(journal) as connection:
        (entries,) = connection.execute("SELECT count(*) FROM cascade_entries").fetchone()
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON cascade_entries WHEN NEW.seq > "
            f"{entries + failing} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    answer = counter.credit(*ORDER)
    with sqlite3.connect(journal) as connection:
        connection.execute("DROP TRIGGER full")
    assert answer.code in {0, 5}
    counter.pass_time(minutes=3)
    assert counter.credit(*ORDER).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 5
    assert len(counter.rows()) == before + 1
