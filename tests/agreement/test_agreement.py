"""Every view of the shop says the same of one payment, in every state that it can be in."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.domain.kinds import Kind
from tests.agreement.states import STATES
from tests.credit.counter import Answer, Counter
from tests.report.reading import page


def reconciled(counter: Counter, *words: str) -> Answer:
    return counter.type("reconcile", "--since", "7d", *words)


def the_item(counter: Counter) -> dict[str, Any]:
    (item,) = reconciled(counter, "--all", "--json").data["items"]
    return dict(item)


def command_of(item: dict[str, Any]) -> str:
    return str(item["repair"]["command"]) if item["repair"] else ""


@pytest.fixture(params=STATES, ids=lambda name: name.replace(" ", "_"))
def shown(request: pytest.FixtureRequest, counter: Counter) -> tuple[str, str, dict[str, Any]]:
    """The id that people ask about, the kind that is right, and what `reconcile` says."""
    kind, make = STATES[request.param]
    identity = make(counter)
    return identity, kind, the_item(counter)


def test_every_view_agrees_on_kind_amounts_and_next_command(
    shown: tuple[str, str, dict[str, Any]], counter: Counter, tmp_path: Path
) -> None:
    identity, kind, item = shown
    assert item["kind"] == kind
    _explain_agrees(counter, identity, item)
    _csv_agrees(counter, item)
    _status_agrees(counter, item)
    _page_agrees(counter, item, tmp_path / "night.html")


def _explain_agrees(counter: Counter, identity: str, item: dict[str, Any]) -> None:
    told = counter.type("explain", identity, "--json").data
    verdict, command = told["verdict"], command_of(item)
    assert verdict["kind"] == item["kind"]
    assert verdict["evidence"] == item["evidence"]
    # Whoever reads the story is not told to read it.
    expected = "" if command.startswith("cascade explain ") else command
    assert (verdict["repair"] or {"command": ""})["command"] == expected
    if told["payment"]:
        assert told["payment"]["ducats"] == item["ducats"]


def _csv_agrees(counter: Counter, item: dict[str, Any]) -> None:
    (row,) = csv.DictReader(io.StringIO(reconciled(counter, "--all", "--csv").out))
    assert (row["kind"], row["ducats"]) == (item["kind"], item["ducats"] or "")
    assert row["repair_command"] == command_of(item)


def _status_agrees(counter: Counter, item: dict[str, Any]) -> None:
    found = counter.type("status", "--json").data["discrepancies"]
    is_open = Kind(item["kind"]).is_discrepancy
    counted = {kind: number for kind, number in found["counts"].items() if number}
    assert counted == ({item["kind"]: 1} if is_open else {})
    assert [each["ducats_at_risk"] for each in found["by_kind"]] == (
        [item["ducats_at_risk"]] if is_open else []
    )


def _page_agrees(counter: Counter, item: dict[str, Any], path: Path) -> None:
    reconciled(counter, "--report", str(path))
    text = page(path).text
    if not Kind(item["kind"]).is_discrepancy:
        assert "cascade credit" not in text
        return
    assert item["kind"].replace("_", " ") in text.lower()
    assert " ".join(command_of(item).split()) in text


def test_every_kind_is_among_the_states() -> None:
    assert {kind for kind, _ in STATES.values()} >= {kind.value for kind in Kind} - {"underpaid"}


def test_what_a_machine_repairs_is_what_the_report_calls_automatic(
    shown: tuple[str, str, dict[str, Any]], counter: Counter
) -> None:
    _, _, item = shown
    before = counter.rows()
    reconciled(counter, "--repair", "--yes", "--json")
    is_automatic = bool(item["repair"] and item["repair"]["automatic"])
    assert (counter.rows() != before) is is_automatic, json.dumps(item["repair"])
