"""`cascade sandbox event`, and what the other commands make of it."""

from __future__ import annotations

import pytest

from tests.cli.terminal.conftest import Cascade


@pytest.fixture
def empty(cascade: Cascade) -> Cascade:
    assert cascade("sandbox", "seed", "--scenario", "empty").code == 0
    return cascade


def test_a_balance_is_told_of_without_an_id(empty: Cascade) -> None:
    made = empty("sandbox", "event", "balance.available", "--json").document["data"]
    listed = empty("--sandbox", "events", "list", "--json").document["data"]["events"]
    assert [(event["id"], event["type"]) for event in listed] == [(made["id"], "balance.available")]


def test_an_event_of_an_unknown_type_with_changed_and_lacking_fields_is_listed(
    empty: Cascade,
) -> None:
    wish = ("--object", '{"id": 7}', "--set", "created=9e999", "--without", "livemode")
    made = empty("sandbox", "event", "moon.risen", *wish)
    assert made.out.endswith(": moon.risen.\n")
    (listed,) = empty("--sandbox", "events", "list", "--json").document["data"]["events"]
    assert listed == {
        "id": made.out.partition(":")[0],
        "type": "moon.risen",
        "created_at": "1970-01-01T00:00:00Z",
        "payment": None,
        "livemode": None,
        "pending_webhooks": 0,
        "webhook": None,
    }


@pytest.mark.parametrize(
    "wish", [("--object", "{"), ("--set", "created"), ("--set", "id=1"), ("--without", "id")]
)
def test_what_can_be_no_event_is_refused(empty: Cascade, wish: tuple[str, ...]) -> None:
    assert empty("sandbox", "event", "moon.risen", *wish).code == 2
    assert empty("--sandbox", "events", "list", "--json").document["data"]["events"] == []
