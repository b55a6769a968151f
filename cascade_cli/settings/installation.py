"""How cascade was installed, so that a hint names the command that fits."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

# A module of each extra that nothing else brings along.
_EXTRAS = {"alerts": "apprise", "postgres": "psycopg", "server": "uvicorn"}
# What pipx and uv leave in the environment that they make for a tool.
_MARKS = {"pipx": "pipx_metadata.json", "uv tool": "uv-receipt.toml"}


def installer(prefix: Path | None = None) -> str:
    """`pipx`, `uv tool` or `pip`, by what lies in this Python's environment."""
    folder = prefix or Path(sys.prefix)
    return next((name for name, mark in _MARKS.items() if (folder / mark).is_file()), "pip")


def command_to_add(extra: str, prefix: Path | None = None) -> str:
    """The command that adds the extra. pipx and uv make the environment anew, so for these it
    names the extras that are there as well."""
    by = installer(prefix)
    if by == "pip":
        return f"pip install 'cascade-cli[{extra}]'"
    there = {name for name, module in _EXTRAS.items() if find_spec(module)}
    return f"{by} install --force 'cascade-cli[{','.join(sorted({*there, extra}))}]'"
