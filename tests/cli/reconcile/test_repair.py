"""`reconcile --repair`: what a machine may do it does, once; the rest is left to people."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.commands import Answer
from tests.harness.counter import Counter


def repair(counter: Counter, *words: str) -> Answer:
    return counter.type("reconcile", "--repair", "--yes", "--json", *words)


def row_for(counter: Counter, intent: str, **fields: Any) -> dict[str, Any]:
    """A stratagem under the payment's key, made an hour after it."""
    at = counter.now() - timedelta(hours=4)
    return counter.sandboxed.transfer(f"cascade_payment_{intent}", at, **fields)


def failed(text: str) -> dict[str, str]:
    return {"Status": "failed", "Notes": f'{{"amount": 100.0}}\n[ERROR] {text}'}


def test_what_is_missing_is_credited_and_the_report_is_of_afterwards(counter: Counter) -> None:
    intent = counter.paid()
    answer = repair(counter)
    assert answer.code == 0
    assert [r["result"] for r in answer.data["repairs"]] == ["credited"]
    assert answer.data["counts"]["in_flight"] == 1
    assert "missing" not in {item["kind"] for item in answer.data["items"]}
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "executed"


@pytest.mark.parametrize(
    "fields",
    [
        {"Status": "active"},
        {"Status": "planned"},
        {"Status": "expired"},
        failed("Receiver marco not found"),
        failed("Failed to parse transfer details"),
        failed("Insufficient funds: 1 < 100"),
    ],
    ids=lambda fields: fields["Status"],
)
def test_a_dead_row_is_revived_and_moves_ducats_once(
    counter: Counter, fields: dict[str, Any]
) -> None:
    record = row_for(counter, counter.paid(), **fields)
    assert repair(counter).code == 0
    (row,) = counter.sandboxed.app.airtable.tables.select("STRATAGEMS")
    assert row["id"] == record["id"]
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100


@pytest.mark.parametrize(
    "fields",
    [
        {"Status": "error"},
        {"Status": "cancelled"},
        failed("Processing error: time-out"),
        failed("Processor logic returned failure or an exception occurred"),
        {"Notes": '{"amount": 99.0}'},
        {"citizen": "lucia"},
    ],
    ids=["error", "cancelled", "processing", "logic", "amount", "citizen"],
)
def test_what_only_a_person_can_judge_is_left_as_it_is(
    counter: Counter, fields: dict[str, Any]
) -> None:
    row_for(counter, counter.paid(), **fields)
    answer = repair(counter)
    assert answer.code == 3
    assert counter.writes == []


def test_a_refunded_payment_is_left_as_it_is(counter: Counter) -> None:
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5))
    counter.sandboxed.app.stripe.account.refund(charge["id"], at=counter.now())
    repair(counter)
    assert counter.writes == []


def test_a_surplus_that_has_not_moved_is_ended_and_the_one_that_moved_stays(
    counter: Counter,
) -> None:
    intent, soon = counter.paid(), counter.now() + timedelta(hours=9)
    row_for(counter, intent)
    row_for(counter, intent, Status="active", ExpiresAt=soon.isoformat())
    answer = repair(counter)
    assert [r["result"] for r in answer.data["repairs"]] == ["retired"]
    counter.pass_time(minutes=1)
    assert counter.sandboxed.app.engine.run().executed == []
    assert counter.ducats_of("marco") == 0


def test_of_two_active_rows_one_is_carried_out(counter: Counter) -> None:
    intent, soon = counter.paid(), counter.now() + timedelta(hours=9)
    for _ in range(2):
        row_for(counter, intent, Status="active", ExpiresAt=soon.isoformat())
    assert repair(counter).code == 0
    counter.pass_time(minutes=1)
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100


@pytest.mark.parametrize("disputed", [True, False])
def test_what_stays_of_a_surplus_is_kept_alive_unless_the_payer_disputes_it(
    counter: Counter, disputed: bool
) -> None:
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5))
    if disputed:
        counter.sandboxed.app.stripe.account.dispute(charge["id"], at=counter.now())
    soon = (counter.now() + timedelta(minutes=1)).isoformat()
    for _ in range(2):
        row_for(counter, charge["payment_intent"], Status="active", ExpiresAt=soon)
    repair(counter)
    counter.pass_time(minutes=2)
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == (0 if disputed else 100)


def test_what_stays_of_a_surplus_is_not_there_for_others(counter: Counter) -> None:
    intent, soon = counter.paid(), counter.now() + timedelta(hours=9)
    assert repair(counter).code == 0
    row_for(counter, intent, Status="active", ExpiresAt=soon.isoformat())
    counter.paid(hours_ago=0.5)
    counter.fund(150)
    before = len(counter.writes)
    answer = repair(counter)
    assert (answer.code, len(counter.writes)) == (7, before)
    assert "promised to transfers on their way" in answer.err


def test_a_dry_run_shows_the_plan_and_writes_nothing(counter: Counter) -> None:
    intent = counter.paid()
    answer = repair(counter, "--dry-run")
    assert answer.code == 3
    (planned,) = answer.data["repair_plan"]
    assert planned["stratagem_id"] == f"cascade_payment_{intent}"
    assert counter.writes == []


def test_without_a_terminal_and_without_yes_nothing_is_repaired(counter: Counter) -> None:
    counter.paid()
    assert counter.type("reconcile", "--repair").code == 7
    assert counter.writes == []


def test_a_second_repair_finds_nothing_to_do(counter: Counter) -> None:
    counter.paid()
    repair(counter)
    writes = len(counter.writes)
    assert repair(counter).code == 0
    assert len(counter.writes) == writes


def test_a_processor_without_ducats_repairs_nothing(counter: Counter) -> None:
    counter.paid()
    counter.fund(99)
    assert repair(counter).code == 7
    assert counter.writes == []


def test_two_payments_and_one_older_row_are_two_transfers(counter: Counter) -> None:
    counter.paid(hours_ago=10)
    second = counter.paid(hours_ago=5)
    at = counter.now() - timedelta(hours=9)
    notes = json.dumps({"source": "cascade_payment_processor", "amount": 100.0})
    counter.sandboxed.transfer("cascade_payment_marco_1795000000", at, Notes=notes)
    assert repair(counter).code == 0
    assert counter.row(f"cascade_payment_{second}")["Status"] == "active"
    assert len(counter.rows()) == 2


def credited_twice(counter: Counter, amount: int = 30) -> None:
    """A credit by hand that was executed, and its copy, which the engine would take next."""
    counter.credit("marco", "30", "--reference", "prize")
    counter.pass_time(minutes=1)
    counter.sandboxed.app.engine.run()
    copy_of_the_credit(counter, amount)


def copy_of_the_credit(counter: Counter, amount: int = 30) -> None:
    (row,) = counter.sandboxed.app.airtable.tables.select("STRATAGEMS")
    notes = json.loads(row["fields"]["Notes"].split("\n")[0])
    copied = {"StratagemId", "Type", "Variant", "Category", "ExecutedBy", "TargetCitizen"}
    fields = {name: value for name, value in row["fields"].items() if name in copied}
    soon = counter.now() + timedelta(hours=9)
    fields |= {"Status": "active", "ExpiresAt": soon.isoformat()}
    fields |= {"Notes": json.dumps({**notes, "amount": float(amount)})}
    counter.sandboxed.app.airtable.tables.create("STRATAGEMS", fields)


def test_the_copy_of_a_credit_by_hand_that_has_arrived_is_ended(counter: Counter) -> None:
    credited_twice(counter)
    before = counter.ducats_of("marco")
    report = counter.type("reconcile", "--since", "2d", "--json")
    (item,) = report.data["items"]
    assert (report.code, item["kind"], len(item["stratagem_ids"])) == (3, "duplicate", 2)
    assert [r["result"] for r in repair(counter).data["repairs"]] == ["retired"]
    counter.pass_time(minutes=1)
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == before


def test_a_copy_for_another_amount_is_left_to_a_person(counter: Counter) -> None:
    credited_twice(counter, amount=31)
    repair(counter)
    told = counter.type("explain", "cascade_manual_prize")
    assert "2 stratagems of one credit by hand" in told.out
    assert "end the rest before the engine's next run" in told.out


def test_a_copy_is_noticed_however_long_ago_the_credit_by_hand_has_arrived(
    counter: Counter,
) -> None:
    counter.credit("marco", "30", "--reference", "prize")
    counter.pass_time(minutes=1)
    counter.sandboxed.app.engine.run()
    counter.pass_time(days=9)
    copy_of_the_credit(counter)
    assert repair(counter, "--since", "2d").data["repairs"][0]["result"] == "retired"
