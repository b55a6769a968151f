"""The engine on what it is given: whom it takes, what it writes, how each failure reads."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.venice.conftest import PAYEE, PAYER, Venice, replenish

BEFORE = (1000.25, 492485.8103135929)
MOVED = (900.25, 492585.8103135929)


def test_an_active_stratagem_moves_its_ducats(venice: Venice) -> None:
    venice.order()
    run = venice.engine.run()
    assert run.executed == ["one"]
    assert run.failed == []
    assert venice.balances == MOVED


def test_execution_sets_status_and_time_and_appends_a_line_in_venice_time(venice: Venice) -> None:
    row = venice.order()
    notes = venice.row(row)["Notes"]
    venice.engine.run()
    after = venice.row(row)
    assert after["Status"] == "executed"
    assert after["ExecutedAt"] == "2026-07-03T21:35:00.000Z"
    line = f"[2026-07-03 23:35] Successfully transferred 100.0 ducats from {PAYER} to {PAYEE}."
    assert after["Notes"] == f"{notes}\n{line}"


def test_payer_and_payee_are_told_in_the_engines_own_layout(venice: Venice) -> None:
    venice.tables.use_legacy_notifications()
    venice.order()
    venice.engine.run()
    payee, payer = venice.notices()
    assert (payer["CitizenUsername"], payer["Type"]) == (PAYER, "stratagem_complete")
    assert (payee["CitizenUsername"], payee["Type"]) == (PAYEE, "payment_received")
    assert payee["Message"] == f"You have received 100.0 ducats from {PAYER}. Reason: Test"
    assert payee["RelatedEntity"] == "one"


def test_a_base_in_the_other_layout_refuses_both_notices_and_the_ducats_move(
    venice: Venice,
) -> None:
    row = venice.order()
    run = venice.engine.run()
    assert venice.notices() == []
    assert sum("CitizenUsername" in warning for warning in run.warnings) == 2
    assert (venice.row(row)["Status"], venice.balances) == ("executed", MOVED)


def test_two_refused_transaction_rows_are_carried_on_after(venice: Venice) -> None:
    venice.order()
    run = venice.engine.run()
    assert venice.tables.select("TRANSACTIONS") == []
    assert sum("Username" in w and "CitizenUsername" not in w for w in run.warnings) == 2


def test_where_the_base_takes_them_a_transfer_leaves_two_transaction_rows(venice: Venice) -> None:
    for name in ("Username", "Description", "RelatedStratagem"):
        venice.tables.add_field("TRANSACTIONS", {"name": name, "type": "singleLineText"})
    for name in ("Amount", "BalanceBefore", "BalanceAfter"):
        number = {"name": name, "type": "number", "options": {"precision": 8}}
        venice.tables.add_field("TRANSACTIONS", number)
    venice.tables.add_field("TRANSACTIONS", {"name": "Timestamp", "type": "dateTime"})
    venice.order()
    venice.engine.run()
    rows = [record["fields"] for record in venice.tables.select("TRANSACTIONS")]
    told = {row["Username"]: (row["BalanceBefore"], row["BalanceAfter"]) for row in rows}
    assert told == {PAYER: (BEFORE[0], MOVED[0]), PAYEE: (BEFORE[1], MOVED[1])}


@pytest.mark.parametrize("status", ["planned", "executed", "failed", "expired", "cancelled"])
def test_only_active_stratagems_are_taken(venice: Venice, status: str) -> None:
    venice.order(Status=status)
    assert venice.engine.run().executed == []
    assert venice.balances == BEFORE


def test_an_expired_stratagem_stays_active_for_ever(venice: Venice) -> None:
    row = venice.order()
    venice.now += timedelta(hours=72)
    assert venice.engine.run().executed == []
    assert venice.row(row)["Status"] == "active"


def test_an_active_one_without_expiry_is_taken_however_old(venice: Venice) -> None:
    venice.order(ExpiresAt=None)
    venice.now += timedelta(days=400)
    assert venice.engine.run().executed == ["one"]
    assert venice.balances == MOVED


@pytest.mark.parametrize("status", ["failed", "error", "executed"])
def test_a_row_with_an_error_line_can_never_be_parsed_again(venice: Venice, status: str) -> None:
    notes = '{"amount": 100}\n[ERROR] Processing error: timed out'
    row = venice.order(Status=status, Notes=notes)
    assert venice.engine.run(only="one").failed == ["one"]
    after = venice.row(row)
    assert after["Notes"].startswith(f"{notes}\n[ERROR] Failed to parse transfer details: ")
    assert (after["Status"], venice.balances) == ("failed", BEFORE)


@pytest.mark.parametrize("status", ["failed", "error", "executed", "expired", "planned"])
def test_a_row_whose_notes_are_json_pays_whatever_became_of_it(venice: Venice, status: str) -> None:
    venice.order(Status=status, ExecutedAt="2026-07-01T00:00:00Z")
    assert venice.engine.run(only="one").executed == ["one"]
    assert venice.balances == MOVED


def test_one_asked_for_by_id_is_executed_whatever_its_expiry_and_status(venice: Venice) -> None:
    venice.order("o'ne", Status="cancelled")
    venice.order("other")
    venice.now += timedelta(hours=100)
    assert venice.engine.run(only="o'ne").executed == ["o'ne"]
    assert venice.balances == MOVED


def test_an_executed_one_asked_for_by_id_pays_twice_unless_its_notes_got_in_the_way(
    venice: Venice,
) -> None:
    row = venice.order()
    venice.engine.run()
    venice.engine.run(only="one")
    assert venice.balances == MOVED
    assert venice.row(row)["Status"] == "failed"
    assert "[ERROR] Failed to parse transfer details: Extra data" in venice.row(row)["Notes"]


def test_stratagems_of_other_types_are_left_alone(venice: Venice) -> None:
    row = venice.order(Type="undercut")
    assert venice.engine.run().failed == []
    assert venice.row(row)["Status"] == "active"


def test_a_refused_listing_is_taken_for_nothing_to_do(venice: Venice) -> None:
    venice.order()
    venice.tables.drop_field("STRATAGEMS", "ExpiresAt")
    run = venice.engine.run()
    assert (run.executed, run.failed) == ([], [])
    assert "Error fetching active stratagems" in run.warnings[0]


FORESEEN = [
    ({"Notes": "{'amount': 100}"}, "Failed to parse transfer details: Expecting property name"),
    ({"Notes": '{"amount": "abc"}'}, "Failed to parse transfer details: could not convert"),
    ({"Notes": '{"reason": "no amount"}'}, "Missing required fields or invalid amount."),
    ({"Notes": '{"amount": -1}'}, "Missing required fields or invalid amount."),
    ({"Notes": None}, "Missing required fields or invalid amount."),
    ({"TargetCitizen": None}, "Missing required fields or invalid amount."),
    ({"ExecutedBy": "Nobody"}, "Sender Nobody not found."),
    ({"TargetCitizen": "Nobody"}, "Receiver Nobody not found."),
    ({"Notes": '{"amount": 1000.5}'}, "Insufficient funds: 1000.25 < 1000.5"),
    ({"Notes": '{"amount": NaN}'}, "Processing error: Out of range float values"),
]


@pytest.mark.parametrize(("fields", "text"), FORESEEN)
def test_a_foreseen_failure_moves_nothing_and_says_why(
    venice: Venice, fields: dict[str, Any], text: str
) -> None:
    row = venice.order(**fields)
    notes = venice.row(row).get("Notes", "")
    assert venice.engine.run().failed == ["one"]
    after = venice.row(row)
    assert after["Status"] == "failed"
    assert after["Notes"].startswith(f"{notes}\n[ERROR] {text}")
    assert venice.balances == BEFORE
    assert venice.notices() == []


@pytest.mark.parametrize("notes", ['{"amount": null}', "[100]"])
def test_what_nobody_foresaw_becomes_status_error(venice: Venice, notes: str) -> None:
    row = venice.order(Notes=notes)
    venice.engine.run()
    after = venice.row(row)
    assert after["Status"] == "error"
    assert after["Notes"].startswith(f"{notes}\n[2026-07-03 23:35] Exception: ")


def test_where_error_is_no_status_the_row_says_only_that_it_failed(venice: Venice) -> None:
    venice.tables.set_select_options("STRATAGEMS", "Status", ["active", "failed"])
    row = venice.order(Notes='{"amount": null}')
    venice.engine.run()
    assert venice.row(row)["Status"] == "failed"
    assert "Processor logic returned failure or an exception occurred." in venice.row(row)["Notes"]


def test_one_broken_stratagem_does_not_hold_up_the_others(venice: Venice) -> None:
    venice.order("broken", Notes='{"amount": null}')
    venice.order("sound")
    run = venice.engine.run()
    assert (run.executed, run.failed) == (["sound"], ["broken"])


def test_paying_oneself_makes_ducats_out_of_nothing(venice: Venice) -> None:
    replenish(venice, 976267.5)
    venice.order(TargetCitizen=PAYER, Notes='{"amount": 5}')
    venice.engine.run()
    assert venice.ducats(PAYER) == 976272.5


def test_the_leading_object_of_executed_notes_still_parses(venice: Venice) -> None:
    row = venice.order()
    venice.engine.run()
    document, end = json.JSONDecoder().raw_decode(venice.row(row)["Notes"])
    assert document["amount"] == 100
    assert venice.row(row)["Notes"][end] == "\n"
