"""The words that cascade itself uses, read from its own source. They tell nothing about a shop.

The words of Python's error messages count as well.
"""

from __future__ import annotations

import builtins
import errno
import os
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from cascade_cli.domain.bundle.stand_ins import words_of

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


def program_words() -> frozenset[str]:
    """All such words. Empty if the source is not there; then every word is replaced."""
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
