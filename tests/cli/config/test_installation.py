"""The command that adds an extra fits how cascade was installed, and where it came from."""

from __future__ import annotations

import json
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.settings.installation import adding, installer

PIPX, UV_TOOL = "pipx_metadata.json", "uv-receipt.toml"
WHEEL = "file:///srv/wheels/cascade_cli-0.1.0-py3-none-any.whl"
SECRET = "https://{}@git.example/cascade.zip".format("me:password")
# The tests themselves need these.
THERE = "alerts,keyring,postgres,server"


def installed(folder: Path, by: str = "pip", **origin: Any) -> Distribution:
    """What an installer records beside a package."""
    folder.mkdir()
    (folder / "INSTALLER").write_text(f"{by}\n")
    if origin:
        (folder / "direct_url.json").write_text(json.dumps(origin))
    return Distribution.at(folder)


@pytest.mark.parametrize(
    ("mark", "recorded", "by"),
    [
        (PIPX, "pip", "pipx"),
        (PIPX, "uv", "pipx"),
        (UV_TOOL, "uv", "uv tool"),
        ("pyvenv.cfg", "uv", "uv pip"),
        ("pyvenv.cfg", "pip", "pip"),
    ],
)
def test_the_installer_is_known_by_what_it_leaves(
    tmp_path: Path, mark: str, recorded: str, by: str
) -> None:
    (tmp_path / mark).touch()
    assert installer(tmp_path, installed(tmp_path / "info", recorded)) == by
    assert installer(tmp_path, None) == by.replace("uv pip", "pip")


@pytest.mark.parametrize("by", ["pip", "uv pip"])
def test_an_environment_of_one_s_own_gets_the_extra_alone(tmp_path: Path, by: str) -> None:
    found = installed(tmp_path / "info", by.split(maxsplit=1)[0], url=WHEEL, archive_info={})
    assert adding("alerts", tmp_path, found) == f"{by} install 'cascade-cli[alerts]'"


@pytest.mark.parametrize(("mark", "by"), [(PIPX, "pipx"), (UV_TOOL, "uv tool")])
@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ({}, ""),
        ({"url": WHEEL, "archive_info": {}}, f" @ {WHEEL}"),
        ({"url": "file:///srv/cascade", "dir_info": {}}, " @ file:///srv/cascade"),
        (
            {
                "url": "https://git.example/cascade",
                "vcs_info": {"vcs": "git", "requested_revision": "v1", "commit_id": "0a1b"},
            },
            " @ git+https://git.example/cascade@v1",
        ),
        ({"url": SECRET, "archive_info": {}}, ""),
    ],
)
def test_a_tool_is_made_anew_from_where_it_came_with_the_extras_that_it_has(
    tmp_path: Path, mark: str, by: str, origin: dict[str, Any], told: str
) -> None:
    (tmp_path / mark).touch()
    found = installed(tmp_path / "info", **origin)
    expected = f"{by} install --force 'cascade-cli[{THERE}]{told}'"
    assert adding("postgres", tmp_path, found) == expected
