"""Once ducats may have moved, no machine moves them again, whatever the row says later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness.commands import Answer
from tests.harness.counter import Counter

# Where the engine breaks off once it has written a balance, and what somebody then did.
BROKEN_OFF = ["write_payee", "after_write_payer", "after_write_payee", "mark_executed"]


def broken_off(counter: Counter, at: str) -> str:
    """A payment of marco's whose transfer the engine left half way; its intent."""
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    counter.sandboxed.app.engine.run(fail_at=at)
    return intent


def run_once_more(counter: Counter, intent: str) -> None:
    """Somebody at Venice runs the row by its id."""
    counter.sandboxed.app.engine.run(only=f"cascade_payment_{intent}")


def change(counter: Counter, intent: str, **fields: Any) -> None:
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("STRATAGEMS", f"{{StratagemId}} = 'cascade_payment_{intent}'")
    tables.update("STRATAGEMS", record["id"], fields)


def item(counter: Counter) -> dict[str, Any]:
    (found,) = counter.type("reconcile", "--since", "7d", "--all", "--json").data["items"]
    return dict(found)


def try_everything(counter: Counter, intent: str) -> list[Answer]:
    """Every command that delivers, as a machine or a person in a hurry types it."""
    return [
        counter.type("reconcile", "--since", "7d", "--repair", "--yes", "--json"),
        counter.type("events", "replay", "--since", "7d", "--yes", "--json"),
        counter.credit("marco", "100", "--payment", intent),
        counter.type("refund", intent, "--yes", "--json"),
    ]


@pytest.mark.parametrize("at", BROKEN_OFF)
def test_a_second_run_does_not_make_a_doubtful_transfer_safe_to_repeat(
    counter: Counter, at: str
) -> None:
    intent = broken_off(counter, at)
    run_once_more(counter, intent)
    assert "Failed to parse" in counter.row(f"cascade_payment_{intent}")["Notes"]
    found, before = item(counter), counter.rows()
    assert (found["kind"], found["repair"]["automatic"]) == ("doubtful", False)
    try_everything(counter, intent)
    assert counter.rows() == before


@pytest.mark.parametrize("status", ["active", "planned", "expired", "cancelled", "failed", ""])
def test_a_row_with_an_execution_time_is_doubtful_under_every_other_status(
    counter: Counter, status: str
) -> None:
    intent = broken_off(counter, "parse")
    order = json.dumps({"amount": 100.0, "reason": "r"})
    at = counter.now().isoformat()
    change(counter, intent, Status=status or None, ExecutedAt=at, Notes=order)
    assert item(counter)["kind"] == "doubtful"
    before = counter.rows()
    try_everything(counter, intent)
    assert counter.rows() == before


def test_a_transfer_that_broke_off_and_was_executed_later_may_have_paid_twice(
    counter: Counter,
) -> None:
    intent = broken_off(counter, "after_write_payee")
    notes = counter.row(f"cascade_payment_{intent}")["Notes"]
    order, _, error = notes.partition("\n")
    kept = json.dumps({**json.loads(order), "engine_log": error})
    change(counter, intent, Notes=kept, Status="active")
    counter.sandboxed.app.engine.run()
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "executed"
    assert counter.ducats_of("marco") == 200
    found = item(counter)
    assert (found["kind"], found["repair"]["automatic"]) == ("doubtful", False)
    assert any("Processing error" in line for line in found["evidence"])


def test_one_that_lacked_funds_and_was_revived_is_simply_executed(counter: Counter) -> None:
    counter.fund(1_000)
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    counter.fund(1)
    counter.sandboxed.app.engine.run()
    counter.pass_time(minutes=3)
    counter.fund(1_000)
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    kept = json.loads(counter.row(f"cascade_payment_{intent}")["Notes"])["engine_log"]
    assert kept.startswith("[ERROR] Insufficient funds")
    counter.sandboxed.app.engine.run()
    assert (counter.ducats_of("marco"), item(counter)["kind"]) == (100, "settled")


def test_an_active_row_without_an_expiry_is_under_way_and_gets_no_second_transfer(
    counter: Counter,
) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    change(counter, intent, ExpiresAt=None)
    assert item(counter)["kind"] == "in_flight"
    before = counter.rows()
    try_everything(counter, intent)
    assert counter.rows() == before


def test_an_active_row_that_the_engine_cannot_read_gets_new_notes(counter: Counter) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    notes = counter.row(f"cascade_payment_{intent}")["Notes"]
    change(counter, intent, Notes=f"{notes}\n[ERROR] Receiver marco not found.")
    assert item(counter)["kind"] == "failed"
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    counter.sandboxed.app.engine.run()
    assert (counter.ducats_of("marco"), item(counter)["kind"]) == (100, "settled")


def test_a_doubtful_transfer_back_is_not_repeated_after_a_second_run(counter: Counter) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    counter.sandboxed.app.engine.run()
    account = counter.sandboxed.app.stripe.account
    with account.writing(counter.now()) as writer:
        charge = str(writer.get("payment_intent", intent)["latest_charge"])
    name = account.refund(charge, at=counter.now())["id"]
    assert counter.type("refund", intent, "--yes").code == 0
    counter.sandboxed.app.engine.run(fail_at="write_payee")
    counter.sandboxed.app.engine.run(only=f"cascade_refund_{name}")
    before = counter.rows()
    answer = counter.type("refund", intent, "--yes", "--json")
    assert (answer.code, counter.rows()) == (7, before)
    assert item(counter)["kind"] == "doubtful"
