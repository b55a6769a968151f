"""The bundle as one archive."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from cascade_cli.domain.shop.times import rfc3339

_MODE = 0o600
_ROW, _BREAK = re.compile(r"\{[^{}\[\]]*\}|\[[^{}\[\]]*\]"), re.compile(r"\n *")
_EXPLANATION = """\
This archive describes one installation of cascade for a bug report. It was made at {at}.

Names, ids and amounts are not in it. In their place are stand-ins such as pi-kqzvtd or
name-bcdfgh: a kind and six letters. The same value has the same stand-in everywhere in this
archive, and in every archive from the same machine. Without that machine's key nobody can find
the value again.
"""


def texts_of(parts: Mapping[str, Any], left_out: Mapping[str, str], at: datetime) -> dict[str, str]:
    """The archive's files by name. The same texts are shown and written."""
    explanation = _EXPLANATION.format(at=rfc3339(at))
    if left_out:
        listed = "\n".join(f"  {name}: {why}" for name, why in sorted(left_out.items()))
        explanation += f"\nLeft out, because they could not be read:\n{listed}\n"
    files = {"README.txt": explanation}
    for name, document in parts.items():
        files[f"{name}.json"] = _laid_out(document)
    return files


def _laid_out(document: Any) -> str:
    """JSON with each innermost object or list on one line. Line breaks within strings are escaped,
    so joining the lines loses none."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    return _ROW.sub(lambda row: _BREAK.sub(" ", row[0]), text) + "\n"


def write_archive(path: Path, texts: Mapping[str, str], at: datetime) -> int:
    """Write a new file that only this user may read, whole or not at all. Returns its bytes.

    Raises OSError, also if a file of that name exists.
    """
    data = _zipped(texts, at)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        path.unlink()
        raise
    return len(data)


def _zipped(texts: Mapping[str, str], at: datetime) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            entry = ZipInfo(f"cascade-bundle/{name}", at.timetuple()[:6])
            # A ZIP archive keeps the permissions of Unix in the upper half of this number.
            entry.external_attr = _MODE << 16
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, text)
    return packed.getvalue()
