from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascade_cli.adapters.files import replace_file
from cascade_cli.cli.reconcile.options import check_writable
from cascade_cli.errors import UsageError


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_new_page_has_the_permissions_that_umask_leaves(tmp_path: Path) -> None:
    replace_file(tmp_path / "report.html", "text")
    assert mode(tmp_path / "report.html") == 0o640


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("kept", [0o600, 0o644])
def test_a_page_keeps_the_permissions_that_somebody_gave_it(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "report.html"
    path.touch()
    path.chmod(kept)
    replace_file(path, "text")
    assert (path.read_text(), mode(path)) == ("text", kept)


def test_a_reader_never_sees_half_a_page(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    replace_file(path, "old")
    with path.open() as reader:
        replace_file(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_a_page_that_cannot_be_put_there_leaves_nothing_behind(tmp_path: Path) -> None:
    taken = tmp_path / "report.html"
    (taken / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        replace_file(taken, "text")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    link, target = tmp_path / "link.html", tmp_path / "elsewhere" / "page.html"
    target.parent.mkdir()
    link.symlink_to(target)
    replace_file(link, "text")
    assert link.is_symlink()
    assert target.read_text() == "text"


def test_text_that_no_file_can_hold_is_spelt_out(tmp_path: Path) -> None:
    replace_file(tmp_path / "report.html", "lone \ud800")
    assert (tmp_path / "report.html").read_text() == "lone \\ud800"


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("missing/report.html", "there is no folder"),
        ("folder", "not an ordinary file"),
        ("pipe", "not an ordinary file"),
        ("x" * 300, "cannot be written"),
    ],
)
def test_a_place_where_no_page_can_be_is_refused(tmp_path: Path, name: str, flaw: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match=flaw):
        check_writable("--report", tmp_path / name)


def test_checking_a_place_writes_nothing(tmp_path: Path) -> None:
    check_writable("--report", tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link to somebody else")
def test_a_link_that_somebody_else_has_put_there_is_not_followed(tmp_path: Path) -> None:
    """In a folder where all may write, as /tmp."""
    precious, link = tmp_path / "precious", tmp_path / "report.html"
    precious.write_text("mine")
    link.symlink_to(precious)
    os.chown(link, 12345, 12345, follow_symlinks=False)
    with pytest.raises(PermissionError, match="symbolic link of another user"):
        replace_file(link, "text")
    assert precious.read_text() == "mine"
