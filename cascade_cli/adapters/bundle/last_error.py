"""The last error of any command, kept in the state folder for a bug report.

Only this user may read the file. It has no secret, but it may have names: a bundle replaces them.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cascade_cli import __version__
from cascade_cli.adapters.files import replace_file
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import CascadeError

FILE = "last-error.json"
_MODE = 0o600
_MOST_CAUSES, _MOST_PLACES, _LONGEST = 8, 12, 600


def keep_error(
    folder: Path,
    command: str,
    error: CascadeError,
    redacted: Callable[[str], str],
    at: datetime,
) -> None:
    """Keep the error in place of the earlier one, if the folder exists. Raises OSError."""
    record = {
        "at": rfc3339(at),
        "version": __version__,
        "command": command,
        "kind": error.kind,
        "exit_code": int(error.exit_code),
        "message": redacted(error.message),
        "hint": redacted(error.hint),
        "causes": causes_of(error, redacted),
    }
    if folder.is_dir():
        replace_file(folder / FILE, json.dumps(record, indent=1) + "\n", new_mode=_MODE)


def last_error(folder: Path) -> Mapping[str, Any] | None:
    """The kept error; None if there is none. Raises OSError, or ValueError for a broken file."""
    file = folder / FILE
    if not file.exists():
        return None
    record = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(record, dict):
        raise ValueError(f"{FILE} has no record")  # noqa: TRY004 - of the content
    return record


def causes_of(error: BaseException, redacted: Callable[[str], str]) -> list[dict[str, Any]]:
    """The error and its causes, each with its type, its text, and the places in the program."""
    return [_cause_document(each, redacted) for each in _chain(error)]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, its cause, and so on. What was raised `from None` hides its cause on purpose."""
    told: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if told is None:
            return
        yield told
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)


def _cause_document(cause: BaseException, redacted: Callable[[str], str]) -> dict[str, Any]:
    kind = type(cause)
    places = traceback.extract_tb(cause.__traceback__)[-_MOST_PLACES:]
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "text": redacted(str(cause))[:_LONGEST],
        "where": [
            {"file": _short(place.filename), "line": place.lineno, "function": place.name}
            for place in places
        ],
    }


def _short(filename: str) -> str:
    """The path from the package on. The folders before it would name the user."""
    parts = Path(filename).parts
    for root in ("site-packages", "cascade_cli"):
        if root in parts:
            start = len(parts) - parts[::-1].index(root) - (root == "cascade_cli")
            return "/".join(parts[start:])
    return parts[-1] if parts else ""
