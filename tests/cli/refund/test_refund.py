"""`cascade refund` from the words typed to the ducats moved, over HTTP to the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.harness.commands import Answer
from tests.harness.counter import Counter


def bought(counter: Counter, *, delivered: bool = True, spent: float = 0) -> str:
    """100 ducats for marco; the intent's id."""
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    if delivered:
        counter.sandboxed.app.engine.run()
        assert counter.ducats_of("marco") == 100
        spend(counter, spent)
    return intent


def spend(counter: Counter, ducats: float) -> None:
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", "{Username} = 'marco'")
    left = record["fields"].get("Ducats", 0) - ducats
    tables.update("CITIZENS", record["id"], {"Ducats": left})


def give_money_back(counter: Counter, intent: str, cents: int | None = None) -> str:
    """A refund at Stripe; its id."""
    account = counter.sandboxed.app.stripe.account
    refund = account.refund(charge_of(counter, intent), at=counter.now(), amount=cents)
    return str(refund["id"])


def charge_of(counter: Counter, intent: str) -> str:
    with counter.sandboxed.app.stripe.account.writing(counter.now()) as writer:
        return str(writer.get("payment_intent", intent)["latest_charge"])


def refund(counter: Counter, intent: str, *words: str, **settings: str) -> Answer:
    return counter.type("refund", intent, "--yes", "--json", *words, **settings)


def reconciled(counter: Counter) -> dict[str, Any]:
    return counter.type("reconcile", "--since", "7d", "--json").data


def test_a_whole_refund_takes_all_ducats_back_once(counter: Counter) -> None:
    intent = bought(counter)
    name = give_money_back(counter, intent)
    assert reconciled(counter)["counts"]["refunded"] == 1
    assert reconciled(counter)["ducats"]["refund_exposure"] == "100"
    for _ in range(2):
        assert refund(counter, intent).code == 0
    row = counter.row(f"cascade_refund_{name}")
    assert (row["ExecutedBy"], row["TargetCitizen"]) == ("marco", PROCESSOR)
    assert reconciled(counter)["counts"]["in_flight"] == 1
    counter.sandboxed.app.engine.run()
    assert refund(counter, intent).code == 0
    assert counter.ducats_of("marco") == 0
    after = reconciled(counter)
    assert (after["counts"]["settled"], after["items"]) == (1, [])
    assert (after["ducats"]["returned"], after["ducats"]["refund_exposure"]) == ("100", "0")


def test_the_citizen_is_told_that_ducats_go_back(counter: Counter) -> None:
    intent = bought(counter)
    give_money_back(counter, intent)
    refund(counter, intent)
    told = [row for row in counter.rows("NOTIFICATIONS") if "go back" in row["Content"]]
    assert [row["Citizen"] for row in told] == ["marco"]


def test_parts_come_back_one_by_one(counter: Counter) -> None:
    intent = bought(counter)
    for cents, left in ((250, 75), (333, 41.7), (417, 0)):
        give_money_back(counter, intent, cents)
        assert refund(counter, intent).code == 0
        counter.sandboxed.app.engine.run()
        assert counter.ducats_of("marco") == pytest.approx(left)
    assert reconciled(counter)["items"] == []


def test_what_is_spent_becomes_a_debt_that_everybody_sees(counter: Counter) -> None:
    intent = bought(counter, spent=70)
    name = give_money_back(counter, intent)
    answer = refund(counter, intent)
    assert answer.code == 0
    assert answer.data["refunds"][0]["under_way"] == "30"
    assert answer.data["deliveries"][0]["citizen"] == "marco"
    assert not any(
        line.startswith("-") for line in counter.type("refund", intent, "--yes").out.splitlines()
    )
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0
    found = reconciled(counter)
    assert found["refund_debts"] == [{"payment": intent, "ducats": "70"}]
    assert (found["ducats"]["refund_exposure"], found["ducats"]["residual"]) == ("70", "0")
    assert counter.type("status", "--json").data["refund_debts"] == found["refund_debts"]
    assert "debt of 70 ducats" in counter.type("explain", intent).out
    assert "Debts after refunds: 70 ducats" in counter.type("reconcile", "--since", "7d").out
    # Later the citizen has ducats again.
    spend(counter, -200)
    assert refund(counter, intent).code == 0
    assert counter.row(f"cascade_refund_{name}_rest1")["Status"] == "active"
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 130
    assert reconciled(counter)["items"] == []
    assert reconciled(counter)["refund_debts"] == []


def test_the_policy_none_takes_nothing_and_all_leaves_the_refusal_to_the_engine(
    counter: Counter,
) -> None:
    intent = bought(counter, spent=70)
    give_money_back(counter, intent)
    answer = refund(counter, intent, CASCADE_REFUND_POLICY="none")
    assert (answer.code, answer.data["deliveries"]) == (0, [])
    assert reconciled(counter)["refund_debts"] == [{"payment": intent, "ducats": "100"}]
    assert refund(counter, intent, CASCADE_REFUND_POLICY="all").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 30
    # The row that was refused is revived for less.
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0


def test_what_is_not_delivered_yet_is_not_delivered(counter: Counter) -> None:
    intent = bought(counter, delivered=False)
    give_money_back(counter, intent)
    answer = refund(counter, intent)
    assert answer.code == 0, answer
    assert [d["result"] for d in answer.data["deliveries"]] == ["retired"]
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "active"
    assert counter.sandboxed.app.engine.run().executed == []
    assert reconciled(counter)["items"] == []
    assert answer.data["left"] == "0"


def test_what_was_executed_before_its_end_came_is_taken_back(counter: Counter) -> None:
    intent = bought(counter, delivered=False)
    give_money_back(counter, intent)
    number = len(counter.requests)
    for later in range(1, 30):
        counter.sandboxed.recorder.before(number + later, run_engine_once(counter))
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0


def run_engine_once(counter: Counter) -> Any:
    def run() -> None:
        if any(r.method == "PATCH" for r in counter.requests[-1:]):
            counter.sandboxed.app.engine.run()

    return run


def test_a_part_of_what_is_under_way_waits_until_it_has_arrived(counter: Counter) -> None:
    intent = bought(counter, delivered=False)
    give_money_back(counter, intent, 250)
    answer = refund(counter, intent)
    assert (answer.code, answer.data["would"]) == (0, [])
    assert "under way" in answer.data["waits"]
    counter.sandboxed.app.engine.run()
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 75


def test_of_what_was_never_made_only_the_rest_is_delivered(counter: Counter) -> None:
    intent = counter.paid()
    give_money_back(counter, intent, 250)
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 75
    found = reconciled(counter)
    assert (found["items"], found["ducats"]["sold"]) == ([], "75")


def test_a_refund_in_part_does_not_get_an_underpaid_payment_past_the_price_guard(
    counter: Counter,
) -> None:
    intent = counter.paid(cents=750)
    give_money_back(counter, intent, 225)
    assert refund(counter, intent).code == 7
    assert counter.rows() == []


def test_what_is_printed_about_an_underpaid_payment_delivers_its_rest(counter: Counter) -> None:
    intent = counter.paid(cents=750)
    give_money_back(counter, intent, 225)
    story = counter.type("explain", intent).out
    line = f"cascade refund {intent} --although-underpaid"
    assert line in " ".join(story.split())
    asked = counter.type("refund", intent, "--although-underpaid", "--dry-run").out
    assert "although paid 7.50 USD where 10.00 USD were due" in asked
    assert refund(counter, intent, "--although-underpaid").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 70
    assert "although-underpaid" in counter.row(f"cascade_payment_{intent}")["Notes"]


def test_people_may_take_less_and_never_more(counter: Counter) -> None:
    intent = bought(counter)
    give_money_back(counter, intent)
    assert refund(counter, intent, "--ducats", "101").code == 7
    assert refund(counter, intent, "--ducats", "40").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 60


def test_people_who_want_less_of_what_could_still_be_ended_are_not_refused(
    counter: Counter,
) -> None:
    intent = bought(counter, delivered=False)
    give_money_back(counter, intent)
    answer = refund(counter, intent, "--ducats", "40")
    assert (answer.code, [d["result"] for d in answer.data["deliveries"]]) == (0, ["retired"])
    assert answer.data["left"] == "0"


def test_what_is_written_off_leaves_the_list(counter: Counter) -> None:
    intent = bought(counter)
    give_money_back(counter, intent)
    writes = len(counter.writes)
    assert refund(counter, intent, "--write-off", "a gift").code == 0
    assert len(counter.writes) == writes
    found = reconciled(counter)
    assert (found["items"], found["ducats"]["refund_exposure"]) == ([], "0")
    assert refund(counter, intent).data["would"] == []
    assert "a gift" in counter.type("explain", intent).out


def test_a_dry_run_writes_nothing(counter: Counter) -> None:
    intent = bought(counter)
    give_money_back(counter, intent)
    writes = len(counter.writes)
    answer = refund(counter, intent, "--dry-run")
    assert answer.data["would"][0]["ducats"] == "100"
    assert len(counter.writes) == writes


def test_what_is_doubtful_is_for_people(counter: Counter) -> None:
    intent = bought(counter, delivered=False)
    counter.sandboxed.app.engine.run(fail_at="write_payee")
    give_money_back(counter, intent)
    answer = refund(counter, intent)
    assert (answer.code, answer.document["error"]["kind"]) == (7, "guard")


def test_a_payment_without_a_refund_is_left_alone(counter: Counter) -> None:
    intent = bought(counter)
    answer = refund(counter, intent)
    assert (answer.code, answer.data["refunds"], answer.data["would"]) == (0, [], [])


def test_a_lost_dispute_is_as_a_refund_and_a_won_one_is_closed(counter: Counter) -> None:
    intent = bought(counter)
    account = counter.sandboxed.app.stripe.account
    dispute = account.dispute(charge_of(counter, intent), at=counter.now())["id"]
    assert reconciled(counter)["counts"]["disputed"] == 1
    assert refund(counter, intent).data["would"] == []
    account.close_dispute(dispute, at=counter.now())
    item = reconciled(counter)["items"][0]
    assert (item["kind"], item["repair"]["command"]) == ("disputed", f"cascade refund {intent}")
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0
    assert reconciled(counter)["items"] == []


def test_an_active_row_of_the_rest_is_delivered_as_it_is_and_never_for_another_amount(
    counter: Counter,
) -> None:
    intent = counter.paid()
    give_money_back(counter, intent, 250)
    assert refund(counter, intent).code == 0
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("STRATAGEMS", f"{{StratagemId}} = 'cascade_payment_{intent}'")
    tables.update("STRATAGEMS", record["id"], {"ExpiresAt": "2020-01-01T00:00:00.000Z"})
    notes = record["fields"]["Notes"]
    give_money_back(counter, intent, 250)
    settings = {"CASCADE_GRACE": "1s"}
    assert refund(counter, intent, **settings).code == 0
    assert counter.row(f"cascade_payment_{intent}")["Notes"] == notes
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 75
    assert refund(counter, intent, **settings).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 50
    assert reconciled(counter)["items"] == []
