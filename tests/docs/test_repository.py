from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

TOP = {"cascade_cli", "tests", "pyproject.toml", "README.md", ".env.example", "LICENSE"}
ALLOWED = TOP | {"CHANGELOG.md"}
# The services themselves, what the specifications reserve for examples, and public documents.
HOSTS = re.compile(
    r"(127\.0\.0\.1|localhost|simulated|recorded|\[::1\]|([\w-]+\.)*(stripe|airtable|serenissima)\.(com|ai)"
    r"|([\w-]+\.)*(example|test|invalid)(\.(com|org|net))?|keepachangelog\.com|semver\.org|www\.w3\.org"
    r"|appriseit\.com|hc-ping\.com|www\.ecb\.europa\.eu)"
)
URL = re.compile(r"https?://(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9.:-]*[a-zA-Z0-9])")
# A live key or a token as the services really make them.
KEY = re.compile(
    r"[sr]k_live_[A-Za-z0-9]{12}|whsec_[A-Za-z0-9+/]{24}|pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"
)
# A folder as near to the root as /app may stand in a file by chance.
_SHORT = 2
HOME = re.compile(r"/(home|Users)/\w+|/root/|[A-Z]:\\Users")


def _tracked() -> list[Path]:
    """What git tracks; where there is no git, what lies in the folders that may be there."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        # A hook of git sets variables that would point it elsewhere.
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        listing = [git, "-c", "safe.directory=*", "ls-files", "-z"]
        names = subprocess.check_output(listing, cwd=ROOT, env=environ, text=True).split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    inside = [path for name in ALLOWED for path in (ROOT / name).rglob("*")]
    inside += [ROOT / name for name in ALLOWED]
    return [path for path in inside if path.is_file() and "__pycache__" not in path.parts]


TRACKED = _tracked()


def _found(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), found[0])
        for path in TRACKED
        for found in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]


def test_the_repository_is_there_to_be_looked_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in TRACKED} >= TOP


def test_nothing_but_the_agreed_names_stands_at_the_top() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in TRACKED}
    assert {name for name in names - ALLOWED if not name.startswith(".")} == set()


def test_no_file_names_a_folder_of_somebody_s_machine() -> None:
    here = Path(__file__).name
    assert [f for f in _found(HOME) if not f[0].endswith(here)] == []


@pytest.mark.parametrize("folder", [str(f) for f in (ROOT, Path.home()) if len(f.parts) > _SHORT])
def test_no_file_names_the_folders_of_this_machine(folder: str) -> None:
    assert _found(re.compile(re.escape(folder) + r"\b")) == []


def test_no_file_names_a_host_but_the_services_examples_and_public_documents() -> None:
    found = [(path, URL.match(url)) for path, url in _found(URL)]
    hosts = {(path, re.sub(r":\d+$", "", url[1])) for path, url in found if url}
    assert {(path, host) for path, host in hosts if not HOSTS.fullmatch(host)} == set()


def test_no_file_holds_anything_that_looks_like_a_live_key() -> None:
    assert _found(KEY) == []
