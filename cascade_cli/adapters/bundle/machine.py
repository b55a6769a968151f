"""What a bundle needs of this machine: versions, the files in the state folder, the key that makes
stand-ins, and the words that need no stand-in."""

from __future__ import annotations

import builtins
import errno
import os
import platform
import re
import secrets
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from cascade_cli import __version__
from cascade_cli.adapters.files import replace_file
from cascade_cli.domain.bundle.parts import StateFile
from cascade_cli.domain.bundle.stand_ins import words_of
from cascade_cli.settings.installation import installed_by

KEY_FILE = "stand-ins.key"
_KEY_BYTES, _MODE = 32, 0o600
_KNOWN_FILE = re.compile(
    r"((sandbox-)?journal\.sqlite3(\.version-[0-9]+)?|sandbox\.sqlite3)(-wal|-shm|-journal)?"
    r"|journal-heads\.json|last-error\.json|stand-ins\.key"
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OTHERS = re.compile(r"""extra == ['"](dev|bench|mutation)""")
_NUMBERS = re.compile(r"[0-9.]+")
PACKAGE = Path(__file__).parents[2]
# Leave out what contains citizens' names: the sandbox, the manual, and the examples in help texts.
_WITHOUT_FOLDERS = frozenset({"sandbox", "manual"})
_WITHOUT_FILES = frozenset({"command.py", "options.py"})
_NO_SENTENCE = re.compile(r'""".*?"""|^ *#.*?$', re.DOTALL | re.MULTILINE)
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_PYTHON_SAYS = """
object has no attribute is not subscriptable iterable callable unexpected keyword argument missing
required positional arguments takes but was were given index out of range key invalid literal for
with base expected got must be int float str bytes bytearray list dict tuple set bool None NoneType
instance type unsupported operand could not convert string to decode encode codec byte in position
start local variable referenced before assignment cannot import name from module named unhashable
division by zero maximum recursion depth exceeded Max retries exceeded Connection refused aborted
reset by peer timed out Read Remote end closed connection without response Name or service not known
failed to establish a new caused certificate verify self-signed hostname mismatch wrong number SSL
UNIQUE constraint failed database disk image is malformed locked readonly full table column no such
already exists does not relation permission denied server closed the unexpectedly while attempting
write unable open file line char Expecting value property name enclosed double quotes delimiter
"""


def stand_in_key(folder: Path) -> bytes:
    """This machine's key; a new one if none was kept."""
    try:
        kept = bytes.fromhex((folder / KEY_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        kept = b""
    return kept if len(kept) >= _KEY_BYTES else secrets.token_bytes(_KEY_BYTES)


def keep_key(folder: Path, key: bytes) -> None:
    """Keep the key if the folder exists, so that the next bundle has the same stand-ins.

    Raises OSError.
    """
    if folder.is_dir() and stand_in_key(folder) != key:
        replace_file(folder / KEY_FILE, f"{key.hex()}\n", new_mode=_MODE)


def versions() -> dict[str, Any]:
    """The versions of cascade and of what it runs on. None of them names this machine."""
    # Only its number: the rest of a kernel's release is free text of whoever built it.
    release = _NUMBERS.match(platform.release())
    return {
        "cascade": __version__,
        "installed_with": installed_by(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": release[0].rstrip(".") if release else None,
        "machine": platform.machine(),
        "sqlite": sqlite3.sqlite_version,
        "encoding": sys.stdout.encoding,
    }


def libraries() -> dict[str, str]:
    """The versions of the libraries that cascade and its extras require; "-" if not installed."""
    try:
        required = requires("cascade-cli") or []
    except PackageNotFoundError:
        return {}
    used = (each for each in required if not _OTHERS.search(each))
    found = (_NAME.match(requirement) for requirement in used)
    names = {match[0] for match in found if match}
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def state_files(folder: Path) -> Iterator[StateFile]:
    """Each file in the folder, but not in folders below it. Raises OSError."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_file():
            name = entry.name if _KNOWN_FILE.fullmatch(entry.name) else ""
            yield _state_file(name, entry.stat())


def one_file(name: str, path: Path) -> StateFile | None:
    """The file, shown under `name`; None if it does not exist. Raises OSError."""
    return _state_file(name, path.stat()) if path.is_file() else None


def free_bytes(folder: Path) -> int:
    """The free bytes of the disk that the folder is on, or would be. Raises OSError."""
    here = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(here).free


def _state_file(name: str, found: os.stat_result) -> StateFile:
    return StateFile(name, found.st_size, stat.S_IMODE(found.st_mode))


def program_words() -> frozenset[str]:
    """The words that cascade itself uses, read from its own source, and those of Python's error
    messages. They tell nothing about a shop.

    Empty if the source is not there; then every word is replaced.
    """
    texts = [*_sentences(), *map(os.strerror, errno.errorcode), _PYTHON_SAYS]
    texts += [f"{status.phrase} {status.name}" for status in HTTPStatus]
    texts += [name for name, value in vars(builtins).items() if isinstance(value, type)]
    return frozenset(words_of(texts))


def _sentences() -> Iterator[str]:
    for file in PACKAGE.rglob("*.py"):
        folders = file.relative_to(PACKAGE).parts[:-1]
        if _WITHOUT_FOLDERS.isdisjoint(folders) and file.name not in _WITHOUT_FILES:
            yield from _texts(file)


def _texts(file: Path) -> list[str]:
    """The string literals of a file, without docstrings and comments, which may contain examples.

    A regular expression, because Python's own parser would take a second.
    """
    source = _NO_SENTENCE.sub("", file.read_text(encoding="utf-8"))
    return _LITERAL.findall(source)
