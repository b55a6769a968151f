"""How cascade was installed, so that a hint names the command that fits."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

# A module for each extra, which is only installed with that extra.
_EXTRAS = {"alerts": "apprise", "postgres": "psycopg", "server": "uvicorn"}
# The file that pipx or uv leaves in the environment of a tool.
_MARKS = {"pipx": "pipx_metadata.json", "uv tool": "uv-receipt.toml"}


def installer(prefix: Path | None = None) -> str:
    """`pipx`, `uv tool` or `pip`, judged by the files in this Python's environment."""
    folder = prefix or Path(sys.prefix)
    return next((name for name, mark in _MARKS.items() if (folder / mark).is_file()), "pip")


def command_to_add(extra: str, prefix: Path | None = None) -> str:
    """The command that adds the extra. pipx and uv make a new environment, so their command also
    names the extras that are installed."""
    by = installer(prefix)
    if by == "pip":
        return f"pip install 'cascade-cli[{extra}]'"
    there = {name for name, module in _EXTRAS.items() if find_spec(module)}
    return f"{by} install --force 'cascade-cli[{','.join(sorted({*there, extra}))}]'"
