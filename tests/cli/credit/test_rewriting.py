"""What a dead row that does not fit is changed to, and what is left alone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.counter import Counter


def _revived(counter: Counter, status: str) -> dict[str, Any]:
    """The fields that a credit writes onto a dead row of the payment's key, over 7 ducats."""
    intent = counter.paid(citizen="marco")
    made = counter.now() - timedelta(hours=4)
    counter.sandboxed.transfer(
        f"cascade_payment_{intent}",
        made,
        Status=status,
        ExpiresAt=(made + timedelta(minutes=5)).isoformat(),
        Notes='{"amount": 7, "reason": "a mistake"}',
    )
    words = ("credit", "marco", "100", "--payment", intent, "--reason", "as sold", "--yes")
    answer = counter.type(*words)
    assert answer.code == 0, answer.err
    (row,) = counter.rows()
    assert row["Status"] == "active"
    assert json.loads(row["Notes"])["amount"] == 100
    (patched,) = [r for r in counter.sandboxed.recorder.requests if r.method == "PATCH"]
    fields: dict[str, Any] = json.loads(patched.body)["records"][0]["fields"]
    return fields


def test_status_of_an_active_row_that_ran_out_is_never_written(counter: Counter) -> None:
    assert "Status" not in _revived(counter, "active")


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_status_of_another_dead_row_becomes_active(counter: Counter, status: str) -> None:
    assert _revived(counter, status)["Status"] == "active"
