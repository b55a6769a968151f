"""`reconcile --since last` continues where the last complete run ended."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from tests.cli.conftest import Cascade
from tests.sandboxed import Sandboxed


def test_the_second_run_says_what_is_new_and_what_is_still_open(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.settle("marco", recently)
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
    sandboxed.settle("marco", recently)
    missing = sandboxed.pay(recently)
    cascade("reconcile", "--since", "last")
    cascade("reconcile", "--since", "10m")
    told = json.loads(cascade("reconcile", "--since", "last", "--json").out)["data"]["since_last"]
    assert told["still_open"] == [missing["payment_intent"]]
