"""`credit --payment`: what a payment bought, under the key that everybody uses for it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.counter import Counter


def test_the_payment_is_the_key_for_whoever_credits_it(counter: Counter) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "active"
    repaired = counter.type("reconcile", "--repair", "--yes", "--json")
    assert repaired.data["repairs"] == []
    assert len(counter.rows()) == 1


def test_what_repair_credited_is_not_credited_again_by_hand(counter: Counter) -> None:
    intent = counter.paid()
    assert counter.type("reconcile", "--repair", "--yes").code == 0
    answer = counter.credit("marco", "100", "--payment", intent)
    assert answer.code == 0
    assert "already" in answer.out
    assert len(counter.rows()) == 1


def test_the_charges_id_means_the_same_claim_as_its_intents(counter: Counter) -> None:
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5))
    assert counter.credit("marco", "100", "--payment", charge["id"]).code == 0
    assert counter.credit("marco", "100", "--payment", charge["payment_intent"]).code == 0
    (row,) = counter.rows()
    assert row["StratagemId"] == f"cascade_payment_{charge['payment_intent']}"


def test_notes_name_the_payment_and_what_it_cost(counter: Counter) -> None:
    intent = counter.paid()
    counter.credit("marco", "100", "--payment", intent)
    notes = json.loads(counter.row(f"cascade_payment_{intent}")["Notes"])
    told = {name: notes[name] for name in ("payment_intent", "amount_cents", "currency")}
    assert told == {"payment_intent": intent, "amount_cents": 1000, "currency": "usd"}
    assert notes["charge"].startswith("ch_")
    assert notes["exchange_rate"] == "0.1"


@pytest.mark.parametrize(
    ("citizen", "ducats", "told"),
    [("lucia", "100", "is for 'marco'"), ("marco", "99", "bought 100 ducats")],
)
def test_words_that_contradict_the_payment_are_refused(
    counter: Counter, citizen: str, ducats: str, told: str
) -> None:
    answer = counter.credit(citizen, ducats, "--payment", counter.paid())
    assert answer.code == 7
    assert told in answer.err
    assert not counter.writes


def test_a_refunded_payment_is_left_to_people(counter: Counter) -> None:
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5))
    account = counter.sandboxed.app.stripe.account
    account.refund(charge["id"], amount=1, at=counter.now())
    answer = counter.credit("marco", "100", "--payment", charge["payment_intent"])
    assert (answer.code, counter.writes) == (7, [])
    assert "was refunded, in part or whole" in answer.err
    assert f"cascade refund {charge['payment_intent']} --dry-run" in answer.err


def test_a_disputed_payment_is_left_to_people(counter: Counter) -> None:
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5))
    counter.sandboxed.app.stripe.account.dispute(charge["id"], at=counter.now())
    answer = counter.credit("marco", "100", "--payment", charge["payment_intent"])
    assert (answer.code, counter.writes) == (7, [])
    assert "is disputed" in answer.err
    assert f"cascade refund {charge['payment_intent']} --dry-run" in answer.err


@pytest.mark.parametrize(
    "bought", [{"ducats": "many"}, {"citizen": ""}, {"citizen": "marko"}, {"ducats": "1e999"}]
)
def test_what_the_payment_leaves_open_the_person_fills_in(
    counter: Counter, bought: dict[str, Any]
) -> None:
    intent = counter.paid(**bought)
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    assert counter.row(f"cascade_payment_{intent}")["TargetCitizen"] == "marco"


@pytest.mark.parametrize("name", ["pi_nobody", "ch_nobody"])
def test_a_payment_that_stripe_does_not_know_is_refused(counter: Counter, name: str) -> None:
    answer = counter.credit("marco", "100", "--payment", name)
    assert (answer.code, counter.writes) == (7, [])
    assert "Stripe knows no paid ducat purchase" in answer.err


@pytest.mark.parametrize("name", ["", "nonsense", "re_1", "pi_1/../customers", "pi_1\n", "pi_'"])
def test_what_is_no_payments_id_is_refused_without_a_request(counter: Counter, name: str) -> None:
    answer = counter.credit("marco", "100", "--payment", name)
    assert (answer.code, counter.requests) == (2, [])
    # What is the id of something else is answered with the line for that.
    assert ("cascade explain re_1" if name == "re_1" else "pi_… or ch_…") in answer.err


def test_a_payment_and_a_reference_exclude_each_other(counter: Counter) -> None:
    answer = counter.credit("marco", "100", "--payment", "pi_1", "--reference", "r1")
    assert (answer.code, counter.requests) == (2, [])


def legacy_row(counter: Counter, hours_after_payment: float, **fields: Any) -> None:
    """The older connector's transfer for a payment made ten hours ago."""
    at = counter.now() - timedelta(hours=10 - hours_after_payment)
    notes = {"source": "cascade_payment_processor", "amount": 100.0, "reason": "purchase"}
    key = f"cascade_payment_marco_{int(at.timestamp())}"
    counter.sandboxed.transfer(key, at, Notes=json.dumps(notes), **fields)


def test_what_the_older_connector_delivered_is_not_delivered_again(counter: Counter) -> None:
    intent = counter.paid(hours_ago=10)
    legacy_row(counter, hours_after_payment=9)
    answer = counter.credit("marco", "100", "--payment", intent)
    assert answer.code == 0
    assert "already" in answer.out
    assert not counter.writes


def test_what_the_older_connector_left_to_expire_is_revived_in_place(counter: Counter) -> None:
    intent = counter.paid(hours_ago=10)
    legacy_row(counter, hours_after_payment=1, Status="active")
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    (row,) = counter.rows()
    assert row["StratagemId"].startswith("cascade_payment_marco_")
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100


@pytest.mark.parametrize("changed", [{"citizen": "lucia"}, {"hours_after_payment": -1}])
def test_an_older_row_for_somebody_else_or_from_before_settles_nothing(
    counter: Counter, changed: dict[str, Any]
) -> None:
    intent = counter.paid(hours_ago=10)
    legacy_row(counter, **{"hours_after_payment": 1, **changed})
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "active"


def test_without_words_it_is_credited_as_the_payment_says_itself(counter: Counter) -> None:
    intent = counter.paid()
    answer = counter.type("credit", "--payment", intent, "--reason", "late", "--yes")
    assert answer.code == 0, answer
    assert counter.row(f"cascade_payment_{intent}")["TargetCitizen"] == "marco"


def test_without_words_a_payment_that_names_nobody_is_for_people(counter: Counter) -> None:
    answers = [
        counter.type("credit", "--payment", intent, "--reason", "late", "--yes")
        for intent in (counter.paid(citizen=""), counter.paid(citizen="nobody"))
    ]
    assert [answer.code for answer in answers] == [7, 7]
    assert "does not say who gets the ducats" in answers[0].err
    assert "Venice has no citizen 'nobody'" in answers[1].err
    assert not counter.writes
