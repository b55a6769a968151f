"""`reconcile --since last` continues where the last complete run ended."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from tests.cli.terminal.conftest import Cascade
from tests.harness.sandboxed import Sandboxed


def test_the_second_run_says_what_is_new_and_what_is_still_open(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in("marco", recently)
    first = sandboxed.pay(recently)
    begun = cascade("reconcile", "--since", "last", "--json")
    assert "no complete run is recorded yet" in begun.err
    assert json.loads(begun.out)["data"]["since_last"] is None
    second = sandboxed.pay(recently + timedelta(minutes=1))
    told = json.loads(cascade("reconcile", "--since", "last", "--json").out)["data"]["since_last"]
    assert told["new"] == [second["payment_intent"]]
    assert told["still_open"] == [first["payment_intent"]]


def test_a_run_over_less_than_what_is_open_does_not_move_the_mark(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in("marco", recently)
    missing = sandboxed.pay(recently)
    cascade("reconcile", "--since", "last")
    cascade("reconcile", "--since", "10m")
    told = json.loads(cascade("reconcile", "--since", "last", "--json").out)["data"]["since_last"]
    assert told["still_open"] == [missing["payment_intent"]]


def test_a_repair_that_finds_nothing_to_repair_is_a_complete_run_as_well(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    nobody = sandboxed.pay(recently, citizen="nobody")
    words = ("reconcile", "--since", "last", "--repair", "--yes", "--json")
    first = json.loads(cascade(*words).out)
    assert (first["exit_code"], first["data"]["repairs"]) == (3, [])
    assert "repair_plan" not in first["data"]
    again = cascade(*words)
    assert "no complete run is recorded yet" not in again.err
    told = json.loads(again.out)["data"]["since_last"]
    assert (told["new"], told["still_open"]) == ([], [nobody["payment_intent"]])


def test_a_first_run_over_a_short_window_leaves_the_week_before_it_to_the_next(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in("marco", recently - timedelta(days=6))
    missing = sandboxed.pay(recently - timedelta(days=5))
    assert cascade("reconcile", "--since", "10m").code == 0
    found = json.loads(cascade("reconcile", "--since", "last", "--json").out)["data"]
    assert [item["payment_intent"] for item in found["items"]] == [missing["payment_intent"]]


def test_until_ends_the_window_of_last_too(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in("marco", recently)
    cascade("reconcile", "--since", "last")
    words = ("reconcile", "--since", "last", "--until", "1d", "--json")
    window = json.loads(cascade(*words).out)["data"]["window"]
    ended = datetime.fromisoformat(window["until"])
    assert datetime.now(ended.tzinfo) - ended > timedelta(hours=23)
