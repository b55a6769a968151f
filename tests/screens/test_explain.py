"""`explain` begins with the verdict and the next command, and ends with them."""

from __future__ import annotations

import json

import pytest

from tests.screens.terminal import Terminal


@pytest.fixture(scope="module")
def items(week: Terminal) -> list[dict[str, object]]:
    """Those with a command of their own."""
    told = week.say("--sandbox", "reconcile", "--json", piped=True)
    return [
        item
        for item in json.loads(told)["data"]["items"]
        if not item["repair"]["command"].startswith("cascade --sandbox explain ")
    ]


@pytest.mark.parametrize("kind", ["missing", "refunded", "stalled"])
def test_a_story_begins_and_ends_with_verdict_and_command(
    week: Terminal, items: list[dict[str, object]], kind: str
) -> None:
    item = next(item for item in items if item["kind"] == kind)
    paragraphs = week.sandbox("explain", str(item["payment_intent"])).strip().split("\n\n")
    begin, end = paragraphs[0], paragraphs[-1]
    assert len(paragraphs) > 3
    assert f"{kind}: " in begin.splitlines()[0]
    assert begin.splitlines()[-1] == f"  $ {item['repair']['command']}"  # type: ignore[index]
    assert end == begin


def test_a_citizens_story_does_too(week: Terminal, items: list[dict[str, object]]) -> None:
    citizen = next(str(item["citizen"]) for item in items if item["kind"] == "refunded")
    paragraphs = week.sandbox("explain", citizen).strip().split("\n\n")
    assert " are open." in paragraphs[0].splitlines()[0]
    assert paragraphs[0].splitlines()[1].startswith("  $ cascade --sandbox ")
    assert paragraphs[-1] == paragraphs[0]


def test_of_a_citizen_of_whom_all_is_settled_nothing_is_open(week: Terminal) -> None:
    told = week.sandbox("explain", "--since", "1m", "SerenissimaTrader")
    assert told.startswith("\x1b[1mNothing is open.")


def test_the_command_of_a_citizen_s_gravest_case_comes_first(week: Terminal) -> None:
    told = week.sandbox("explain", "--since", "7d", "SerenissimaTrader").splitlines()
    lines = [line for line in told if line.startswith("  $ ")]
    assert lines[0] == lines[-1]
    assert " --take-back " in lines[0]
    assert lines[1] != lines[0]
