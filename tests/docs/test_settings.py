from __future__ import annotations

import io
import re
from itertools import chain

import pytest
from dotenv import dotenv_values

from cascade_cli.settings import SETTINGS
from cascade_cli.settings.sources import names_of
from cascade_cli.settings.values import Setting
from tests.docs.documents import ALL, ROOT, TEXTS, TOPICS, fences, rows

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
NAMES = [setting.name for setting in SETTINGS]


def test_the_manual_lists_exactly_the_settings() -> None:
    assert [row[0].strip("`") for row in _documented()] == NAMES


@pytest.mark.parametrize("setting", SETTINGS, ids=NAMES)
def test_the_manual_gives_a_setting_s_default_and_meaning(setting: Setting) -> None:
    row = next(row for row in _documented() if row[0] == f"`{setting.name}`")
    assert row[1:] == [f"`{setting.default}`" if setting.default else "none", setting.meaning]


def _documented() -> list[list[str]]:
    return rows(TOPICS["settings"], "setting")


def test_the_example_file_sets_nothing_as_it_stands() -> None:
    assert not dotenv_values(stream=io.StringIO(EXAMPLE))


def test_the_example_file_has_every_setting_with_its_default_and_no_other() -> None:
    uncommented = re.sub(r"^#(?=[A-Z_]+=)", "", EXAMPLE, flags=re.MULTILINE)
    values = dotenv_values(stream=io.StringIO(uncommented), interpolate=False)
    assert values == {setting.name: setting.default for setting in SETTINGS}


@pytest.mark.parametrize("setting", SETTINGS, ids=NAMES)
def test_the_example_file_gives_a_setting_s_meaning_in_the_line_above(setting: Setting) -> None:
    lines = EXAMPLE.splitlines()
    above = next(i for i, line in enumerate(lines) if line.startswith(f"#{setting.name}=")) - 1
    assert lines[above] == f"# {setting.meaning}"


def test_every_setting_that_any_document_names_exists() -> None:
    named = re.findall(r"\b(?:CASCADE|STRIPE|AIRTABLE|VENICE)_[A-Z_]+\b", _outside_the_sandbox())
    names = chain.from_iterable(map(names_of, SETTINGS))
    assert set(named) <= {*names, "CASCADE_PAYMENT_PROCESSOR"}


def _outside_the_sandbox() -> str:
    """What `sandbox serve` prints is for any client, so it names settings that we do not read."""
    served = next(block for block in fences("text", ALL) if "AIRTABLE_ENDPOINT_URL" in block)
    return ALL.replace(served, "")


@pytest.mark.parametrize("setting", NAMES)
def test_a_setting_s_default_and_meaning_stand_in_one_topic_alone(setting: str) -> None:
    row = next(row for row in _documented() if row[0] == f"`{setting}`")
    line = f"| {' | '.join(row)} |"
    assert [path for path, text in TEXTS.items() if line in text] == [
        "cascade_cli/manual/settings.md"
    ]
