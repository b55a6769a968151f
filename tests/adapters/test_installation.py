"""The command that adds an extra fits how cascade was installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade_cli.settings.installation import command_to_add, installer


@pytest.mark.parametrize(
    ("mark", "by"),
    [("pipx_metadata.json", "pipx"), ("uv-receipt.toml", "uv tool"), ("pyvenv.cfg", "pip")],
)
def test_the_installer_is_known_by_what_it_leaves(tmp_path: Path, mark: str, by: str) -> None:
    (tmp_path / mark).touch()
    assert installer(tmp_path) == by


def test_pip_adds_the_extra_alone(tmp_path: Path) -> None:
    assert command_to_add("alerts", tmp_path) == "pip install 'cascade-cli[alerts]'"


@pytest.mark.parametrize(
    ("mark", "begins"),
    [
        ("pipx_metadata.json", "pipx install --force 'cascade-cli["),
        ("uv-receipt.toml", "uv tool install --force 'cascade-cli["),
    ],
)
def test_a_tool_that_is_made_anew_keeps_the_extras_that_it_has(
    tmp_path: Path, mark: str, begins: str
) -> None:
    (tmp_path / mark).touch()
    told = command_to_add("postgres", tmp_path)
    assert told.startswith(begins)
    # The tests themselves need these.
    assert told.endswith("[alerts,postgres,server]'")
