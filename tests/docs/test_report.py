from __future__ import annotations

import re
from typing import Any

import pytest

from cascade_cli.cli.reconcile.csv import COLUMNS
from cascade_cli.domain.discrepancies.kinds import Kind, Severity
from cascade_cli.errors import ExitCode
from cascade_cli.sandbox.seed import SCENARIOS
from cascade_cli.sandbox.venice.access import FAIL_POINTS
from tests.docs.conftest import Ask
from tests.docs.documents import README, TOPICS, code, fences, rows, sections
from tests.screens.snapshots import kept

KINDS = sections(TOPICS["kinds"].partition("\n## The kinds\n")[2].partition("\n## ")[0])


@pytest.fixture(scope="module")
def envelope(ask: Ask) -> dict[str, Any]:
    return ask("--sandbox", "reconcile", "--since", "7d", "--json").document


def test_the_manual_explains_exactly_the_kinds_gravest_first() -> None:
    names, severities = _kinds()
    assert sorted(names) == sorted(Kind)
    gravest_first = [str(severity) for severity in Severity]
    assert severities == sorted(severities, key=gravest_first.index)


def test_the_manual_gives_each_kind_its_severity() -> None:
    assert dict(zip(*_kinds(), strict=True)) == {kind: kind.severity for kind in Kind}


def _kinds() -> tuple[list[str], list[str]]:
    severities = [re.match(r"\*(\w+)\.\*", text.strip()) for text in KINDS.values()]
    return list(KINDS), [severity[1].lower() for severity in severities if severity]


def test_every_kind_says_what_to_do() -> None:
    assert [kind for kind, text in KINDS.items() if "\n- " not in text] == []


def test_the_manual_explains_exactly_the_exit_codes() -> None:
    codes = rows(TOPICS["exit-codes"], "code")
    assert [int(row[0]) for row in codes] == [code.value for code in ExitCode]


def test_the_manual_explains_exactly_the_keys_of_the_json_envelope(
    envelope: dict[str, Any],
) -> None:
    assert [row[0].strip("`") for row in rows(TOPICS["json"], "key")] == list(envelope)


def test_the_manual_explains_exactly_the_keys_of_the_json_data(envelope: dict[str, Any]) -> None:
    documented = {row[0].strip("`"): set(code(row[1])) for row in _data_rows()}
    data = envelope["data"]
    assert list(documented) == list(data)
    assert documented["window"] == data["window"].keys()
    assert documented["coverage"] == data["coverage"].keys()
    assert documented["ducats"] == data["ducats"].keys()
    assert documented["items"] - {"--all"} == data["items"][0].keys()


def _data_rows() -> list[list[str]]:
    return rows(sections(TOPICS["json"])["The data of cascade reconcile"], "key")


def test_the_manual_gives_the_csv_columns_in_order() -> None:
    assert [block.split(",") for block in fences("csv", TOPICS["json"])] == [
        [*COLUMNS[:-1], f"{COLUMNS[-1]}\n"]
    ]


def test_the_pasted_report_is_the_screen_that_is_kept() -> None:
    pasted = next(block for block in fences("text", README) if "Ducats sold" in block)
    assert pasted == kept("reconcile", 80).read_text(encoding="utf-8")


def test_the_first_command_ends_as_the_readme_says(ask: Ask) -> None:
    answer = ask("--sandbox", "reconcile", "--since", "7d")
    assert f"The exit code is {answer.code}" in README


def test_the_manual_lists_exactly_the_scenarios() -> None:
    documented = [row[0].strip("`") for row in rows(TOPICS["sandbox"], "scenario")]
    assert sorted(documented) == sorted(SCENARIOS)


def test_the_manual_lists_exactly_the_steps_at_which_the_engine_can_fail() -> None:
    steps = next(block for block in fences("text", TOPICS["sandbox"]) if "write_payee" in block)
    assert tuple(steps.split()) == FAIL_POINTS
