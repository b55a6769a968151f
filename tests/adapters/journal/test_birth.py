"""A journal that is born on a nearly full disk is complete or absent."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cascade_cli.errors import JournalError
from tests.adapters.journal.shared_journal import SharedJournal


class Disk:
    """A file system in memory whose size can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, kilobytes: int) -> None:
        self.mount("-o", f"remount,size={kilobytes}k")

    def mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, str(self.folder)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk")
    disk.folder.mkdir()
    try:
        disk.mount("-t", "tmpfs", "-o", "size=100k", "tmpfs")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small file system can be mounted by root only")
    yield disk
    subprocess.run(["umount", "-l", str(disk.folder)], check=True)


def test_it_works_as_soon_as_there_is_room(disk: Disk) -> None:
    born = set()
    for kilobytes in range(60, 200, 4):
        disk.resize(kilobytes)
        file = disk.folder / f"{kilobytes}.db"
        shared = SharedJournal(f"sqlite:///{file}")
        with suppress(JournalError):
            shared.journal().run_event({"phase": "first"})
        shared.close()
        born.add(file.exists())
        assert {path.name for path in disk.folder.iterdir()} <= _files_of(file)
        disk.resize(4000)
        shared.journal().run_event({"phase": "second"})
        assert shared.journal().verify().is_intact
        shared.close()
        for path in disk.folder.iterdir():
            path.unlink()
    assert born == {False, True}


def _files_of(file: Path) -> set[str]:
    return {file.name + suffix for suffix in ("", "-wal", "-shm")}
