"""The topic setup tells of each package why it is there."""

from __future__ import annotations

import re
import tomllib

from tests.harness.commands import ROOT

SETUP = (ROOT / "cascade_cli" / "manual" / "setup.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME = re.compile(r"[a-z0-9-]+")


def names(requirements: list[str]) -> set[str]:
    """Without versions, markers and extras."""
    return {found[0] for each in requirements if (found := NAME.match(each))}


def told(head: str) -> dict[str, str]:
    """The rows of the table with that head."""
    table = SETUP.split(f"| {head} |")[1].split("\n\n")[0]
    rows = [line.strip("| ").split(" | ", 1) for line in table.splitlines()[2:]]
    return {row[0].strip("`"): row[1] for row in rows}


def test_every_package_has_its_reason() -> None:
    listed = [name for row in told("package | MB | why it is there") for name in row.split(", ")]
    assert sorted(listed) == sorted(names(PROJECT["dependencies"]))


def test_every_extra_for_users_is_told_with_its_packages() -> None:
    extras = PROJECT["optional-dependencies"]
    for extra, row in told("extra | for").items():
        assert set(row.partition(": ")[2].split(", ")) == names(extras.pop(extra))
    assert set(extras) == {"bench", "mutation", "dev"}


def test_the_classifiers_name_the_pythons_that_setup_names() -> None:
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert f"Python {versions[0]} to {versions[-1]}" in SETUP
