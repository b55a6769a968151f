"""`cascade resolve` from the words typed to the ducats moved, over HTTP to the sandbox."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import Any

import pytest

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.cli.resolve.cases import (
    doubtful,
    orphan,
    reconciled,
    resolve,
    run_engine,
    the_item,
    too_few,
    too_many,
    transferred,
    twice,
    wrong_citizen,
)
from tests.harness.counter import Counter


def test_the_right_citizen_gets_what_he_lacks_and_the_other_one_gives_it_back(
    counter: Counter,
) -> None:
    payment = wrong_citizen(counter)
    assert the_item(counter)["kind"] == "wrong_citizen"
    answer = resolve(counter, payment, "--credit")
    assert answer.code == 0, answer
    row = counter.row(f"cascade_correction_{payment}")
    assert (row["TargetCitizen"], row["Status"]) == ("marco", "active")
    assert payment in row["Notes"]
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    # lucia still has them, for nothing.
    item = the_item(counter)
    assert (item["kind"], item["ducats_at_risk"]) == ("wrong_citizen", "100")
    assert item["decision"]["how"] == "credit"
    answer = resolve(counter, payment, "--take-back")
    assert answer.code == 0, answer
    run_engine(counter)
    assert (counter.ducats_of("marco"), counter.ducats_of("lucia")) == (100, 0)
    after = reconciled(counter)
    assert (after["items"], after["counts"]["settled"]) == ([], 1)
    assert after["ducats"]["over_delivered"] == "0"
    assert after["ducats"]["taken_back"] == "100"
    assert after["decided"] == {"take_back": 1}


@pytest.mark.parametrize("wrong", [7, 100, 300])
def test_nothing_is_credited_beside_a_transfer_that_is_on_its_way(
    counter: Counter, wrong: float
) -> None:
    """Somebody else has ducats for it, and its own transfer waits for the engine."""
    payment = counter.paid()
    transferred(counter, payment, citizen="lucia", ducats=wrong, StratagemId="by_somebody")
    expires = (counter.now() + timedelta(days=2)).isoformat()
    transferred(counter, payment, Status="active", ExpiresAt=expires)
    assert resolve(counter, payment, "--credit").code == 7
    # Nor does a machine end the rightful one.
    assert counter.type("reconcile", "--since", "7d", "--repair", "--yes").code == 3
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert resolve(counter, payment, "--credit").code == 7
    assert resolve(counter, payment, "--take-back").code == 0
    run_engine(counter)
    assert (counter.ducats_of("marco"), counter.ducats_of("lucia")) == (100, 0)
    assert reconciled(counter)["items"] == []


def test_what_is_typed_again_is_refused_with_who_when_and_why(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    assert resolve(counter, payment, "--credit").code == 0
    for _ in range(2):
        again = resolve(counter, payment, "--credit", "--reason", "again")
        assert again.code == 7, again
        told = again.document["error"]["message"] + again.document["error"]["hint"]
        assert "was corrected already" in told
        assert getpass.getuser() in told
        assert "looked into" in told
        run_engine(counter)
    assert counter.ducats_of("marco") == 100


def test_on_another_machine_with_another_journal_the_row_alone_keeps_from_paying_twice(
    counter: Counter,
) -> None:
    payment = wrong_citizen(counter)
    assert resolve(counter, payment, "--credit").code == 0
    elsewhere = {"CASCADE_STATE_DIR": str(counter.state / "elsewhere")}
    for _ in range(2):
        again = resolve(counter, payment, "--credit", **elsewhere)
        assert again.code == 7, again
        told = again.document["error"]["message"]
        assert f"cascade_correction_{payment}" in told
        assert f"by {getpass.getuser()}: looked into" in told
        run_engine(counter)
    assert counter.ducats_of("marco") == 100
    words = ("marco", "100", "--payment", payment)
    assert counter.credit(*words, **elsewhere).code == 7


def test_too_few_are_made_up(counter: Counter) -> None:
    payment = too_few(counter)
    assert resolve(counter, payment, "--credit", "4").code == 0
    run_engine(counter)
    assert the_item(counter)["ducats_at_risk"] == "6"
    assert resolve(counter, payment, "--credit").code == 0
    assert counter.row(f"cascade_correction_{payment}_2")["TargetCitizen"] == "marco"
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_more_than_is_lacking_is_refused(counter: Counter) -> None:
    answer = resolve(counter, too_few(counter), "--credit", "11")
    assert answer.code == 7
    assert "more than the 10" in answer.document["error"]["message"]


def test_too_many_come_back(counter: Counter) -> None:
    payment = too_many(counter)
    assert resolve(counter, payment, "--take-back").code == 0
    assert the_item(counter, "--all")["kind"] == "in_flight"
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_of_two_transfers_the_newer_comes_back(counter: Counter) -> None:
    payment = twice(counter)
    answer = resolve(counter, payment, "--take-back")
    assert answer.code == 0, answer
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []
    assert resolve(counter, payment, "--take-back").code == 7


def test_what_the_citizen_has_spent_is_a_debt_and_collected_later(counter: Counter) -> None:
    payment = twice(counter)
    spend(counter, "marco", 170)
    answer = resolve(counter, payment, "--take-back")
    assert answer.code == 0, answer
    assert answer.data["decision"]["ducats"] == "30"
    run_engine(counter)
    assert counter.ducats_of("marco") == 0
    item = the_item(counter)
    assert (item["kind"], item["ducats_at_risk"]) == ("duplicate", "70")
    assert any("a debt of 70 ducats is left" in line for line in item["evidence"])
    spend(counter, "marco", -200)
    assert resolve(counter, payment, "--take-back").code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 130
    assert reconciled(counter)["items"] == []


def test_the_dust_of_floats_in_a_balance_is_not_taken(counter: Counter) -> None:
    payment = twice(counter)
    spend(counter, "marco", 126.475)
    spend(counter, "marco", 2e-14)
    assert str(counter.ducats_of("marco")).startswith("73.52499999999")
    answer = resolve(counter, payment, "--take-back")
    assert answer.data["decision"]["ducats"] == "73.524999"
    run_engine(counter)
    (evidence,) = [line for line in the_item(counter)["evidence"] if "a debt" in line]
    assert "a debt of 26.475001 ducats is left" in evidence


def spend(counter: Counter, citizen: str, ducats: float) -> None:
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", f"{{Username}} = '{citizen}'")
    left = record["fields"].get("Ducats", 0) - ducats
    tables.update("CITIZENS", record["id"], {"Ducats": left})


def test_an_orphan_comes_back(counter: Counter) -> None:
    record = orphan(counter)
    assert reconciled(counter)["ducats"]["orphaned"] == "100"
    answer = resolve(counter, record, "--take-back")
    assert answer.code == 0, answer
    row = counter.row(f"cascade_takeback_{record}")
    assert (row["ExecutedBy"], row["TargetCitizen"]) == ("lucia", PROCESSOR)
    run_engine(counter)
    assert counter.ducats_of("lucia") == 0
    after = reconciled(counter)
    assert (after["items"], after["ducats"]["orphaned"]) == ([], "0")
    assert resolve(counter, record, "--take-back").code == 7


def test_an_orphan_is_accepted(counter: Counter) -> None:
    record = orphan(counter)
    assert resolve(counter, "transfer_to_lucia", "--accept", "--reason", "a gift").code == 0
    after = reconciled(counter)
    assert (after["items"], after["counts"]["orphan"]) == ([], 0)
    assert after["decided"] == {"accept": 1}
    assert counter.type("reconcile", "--since", "7d").code == 0
    item = the_item(counter, "--all")
    assert (item["kind"], item["decision"]["reason"]) == ("orphan", "a gift")
    assert resolve(counter, record, "--accept").code == 7


def test_a_doubtful_transfer_that_moved_nothing_goes_out_again(counter: Counter) -> None:
    payment = doubtful(counter)
    answer = resolve(counter, payment, "--not-moved")
    assert answer.code == 0, answer
    assert answer.data["doubt"]["balances"]["marco"] == "0"
    assert "connection reset" in answer.data["doubt"]["engine_log"][0]
    assert [d["result"] for d in answer.data["deliveries"]] == ["credited"]
    (row,) = counter.rows()
    assert row["Status"] == "active"
    assert "connection reset" in row["Notes"]
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []
    elsewhere = {"CASCADE_STATE_DIR": str(counter.state / "elsewhere")}
    assert reconciled(counter, **elsewhere)["items"] == []


def test_a_doubtful_transfer_that_moved_settles_its_payment(counter: Counter) -> None:
    payment = doubtful(counter, moved=True)
    assert reconciled(counter)["ducats"]["doubtful"] == "100"
    assert resolve(counter, payment, "--moved").code == 0
    after = reconciled(counter)
    assert (after["items"], after["ducats"]["settled"]) == ([], "100")
    assert after["decided"] == {"moved": 1}
    assert counter.credit("marco", "100", "--payment", payment).code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert resolve(counter, payment, "--moved").code == 7


def test_a_transfer_that_a_person_made_settles_the_payment(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    assert counter.credit("marco", "100", "--reference", "made-good").code == 0
    run_engine(counter)
    answer = resolve(counter, payment, "--settled-by", "cascade_manual_made-good")
    assert answer.code == 0, answer
    item = the_item(counter)
    assert (item["kind"], item["ducats_at_risk"]) == ("wrong_citizen", "100")
    assert reconciled(counter)["manual_credits"] == 0
    assert reconciled(counter)["ducats"]["settled"] == "100"
    assert resolve(counter, payment, "--credit").code == 7
    assert counter.ducats_of("marco") == 100


def test_a_payment_that_names_nobody_is_credited_to_its_buyer(counter: Counter) -> None:
    payment = counter.paid(citizen="")
    assert the_item(counter)["kind"] == "unattributable"
    assert resolve(counter, payment, "--credit").code == 2
    answer = resolve(counter, payment, "--credit", "--citizen", "marco")
    assert answer.code == 0, answer
    assert counter.row(f"cascade_payment_{payment}")["TargetCitizen"] == "marco"
    run_engine(counter)
    assert reconciled(counter)["items"] == []


def test_what_does_not_fit_is_refused_with_what_does(counter: Counter) -> None:
    payment = too_many(counter)
    answer = resolve(counter, payment, "--moved")
    assert answer.code == 7
    assert "--take-back, --snooze, --accept" in answer.document["error"]["hint"]
    settled = counter.paid()
    transferred(counter, settled)
    assert resolve(counter, settled, "--accept").code == 7


def test_a_snoozed_case_comes_back_when_its_time_has_come(counter: Counter) -> None:
    payment = twice(counter)
    assert resolve(counter, payment, "--snooze", "2d").code == 0
    assert reconciled(counter)["decided"] == {"snooze": 1}
    counter.pass_time(days=2, minutes=1)
    item = the_item(counter)
    assert (item["reopened"], item["decision"]["how"]) == (
        "the time it was put off for is over",
        "snooze",
    )


def test_what_was_decided_can_be_opened_again(counter: Counter) -> None:
    payment = doubtful(counter, moved=True)
    assert resolve(counter, payment, "--moved").code == 0
    assert reconciled(counter)["items"] == []
    assert resolve(counter, payment, "--reopen").code == 0
    assert the_item(counter)["kind"] == "doubtful"
    assert resolve(counter, payment, "--reopen").code == 7


def test_without_a_reason_nothing_is_decided(counter: Counter) -> None:
    payment = twice(counter)
    assert counter.type("resolve", payment, "--accept", "--yes").code == 2
    assert counter.type("resolve", payment, "--reason", "x", "--yes").code == 2
    words = ("--accept", "--moved", "--reason", "x", "--yes")
    assert counter.type("resolve", payment, *words).code == 2


def test_a_dry_run_shows_all_and_writes_nothing(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    number = len(counter.writes)
    answer = counter.type("resolve", payment, "--credit", "--reason", "x", "--dry-run")
    assert answer.code == 0, answer
    assert f"moves 100 ducats to 'marco', key cascade_correction_{payment}" in answer.out
    assert "afterwards: wrong citizen" in answer.out
    assert len(counter.writes) == number
    assert reconciled(counter)["decided"] == {}


@pytest.mark.parametrize(("citizen", "ducats"), [("marco", 90), ("lucia", 100)])
def test_what_was_ended_before_the_engine_took_it_is_delivered_as_sold_by_repair(
    counter: Counter, citizen: str, ducats: float
) -> None:
    payment = counter.paid()
    until = counter.now() + timedelta(hours=40)
    row: dict[str, Any] = {"Status": "active", "ExpiresAt": until.isoformat()}
    transferred(counter, payment, citizen, ducats, **row)
    answer = resolve(counter, payment, "--take-back")
    assert answer.code == 0, answer
    counter.pass_time(minutes=5)
    repaired = counter.type("reconcile", "--since", "7d", "--repair", "--yes")
    assert "refused" not in repaired.out, repaired.out
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []
