"""How cascade was installed, so that a hint names the command that fits."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from importlib.metadata import Distribution

NAME = "cascade-cli"
# A module of each extra that nothing else brings along.
_EXTRAS = {"alerts": "apprise", "keyring": "keyring", "postgres": "psycopg", "server": "uvicorn"}
# What pipx and uv leave in the environment that they make for a tool.
_MARKS = {"pipx": "pipx_metadata.json", "uv tool": "uv-receipt.toml"}


def command_to_add(extra: str) -> str:
    """The command that adds the extra to this installation, as it was made."""
    return adding(extra, Path(sys.prefix), _installed())


def adding(extra: str, environment: Path, installed: Distribution | None) -> str:
    """The command that adds the extra to what is installed in that environment.

    pipx and uv make a tool's environment anew. So for these the command names the extras that are
    there as well, and where cascade came from: an index may know nothing of it, or hold a
    stranger's package of that name.
    """
    by = installer(environment, installed)
    if by.endswith("pip"):
        return f"{by} install '{NAME}[{extra}]'"
    there = {name for name, module in _EXTRAS.items() if find_spec(module)}
    wanted = f"{NAME}[{','.join(sorted({*there, extra}))}]{_origin(installed)}"
    return f"{by} install --force {shlex.quote(wanted)}"


def installed_by() -> str:
    """What cascade was installed with: `pipx`, `uv tool`, `uv pip` or `pip`."""
    return installer(Path(sys.prefix), _installed())


def installer(environment: Path, installed: Distribution | None) -> str:
    """What cascade was installed with there."""
    by = (_text(installed, "INSTALLER") or "pip").strip()
    plain = "uv pip" if by == "uv" else "pip"
    return next((name for name, mark in _MARKS.items() if (environment / mark).is_file()), plain)


def _installed() -> Distribution | None:
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - 30 ms

    try:
        return distribution(NAME)
    except PackageNotFoundError:
        return None  # Run from its source, with nothing installed.


def _origin(installed: Distribution | None) -> str:
    """` @ URL` of a file, a folder or a repository; "" for a package that an index handed out."""
    try:
        told: Mapping[str, Any] = json.loads(_text(installed, "direct_url.json") or "{}")
        url = str(told.get("url", ""))
        vcs: Mapping[str, Any] = told.get("vcs_info", {})
        if not url or urlsplit(url).username:  # which might be a secret
            return ""
        if vcs:
            url = f"{vcs['vcs']}+{url}@{vcs.get('requested_revision') or vcs['commit_id']}"
    except (ValueError, AttributeError, KeyError):
        return ""
    return f" @ {url}"


def _text(installed: Distribution | None, file: str) -> str | None:
    return installed.read_text(file) if installed else None
