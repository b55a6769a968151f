"""Whose transfer it is: late rows of the legacy connector, twins, and rows of another payer."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.counter import Counter

LEGACY = '{"source": "cascade_payment_processor", "amount": 100.0, "reason": "Ducat purchase"}'
_PER_COMMAND = 6


def legacy(counter: Counter, hours_ago: float, **fields: Any) -> str:
    """An executed row of the legacy connector for marco; returns its StratagemId."""
    at = counter.now() - timedelta(hours=hours_ago)
    name = f"cascade_payment_marco_{int(at.timestamp())}"
    counter.sandboxed.transfer(name, at, Notes=LEGACY, **fields)
    return name


def deliver(counter: Counter, intent: str, *more: str) -> Any:
    return counter.credit("marco", "100", "--payment", intent, *more)


def own_rows(counter: Counter, intent: str) -> list[dict[str, Any]]:
    return [r for r in counter.rows() if r["StratagemId"] == f"cascade_payment_{intent}"]


# Late rows.


def test_a_credit_beside_a_late_row_is_refused_with_the_line_that_would_do_it(
    counter: Counter,
) -> None:
    intent, late = counter.paid(hours_ago=200), legacy(counter, 20)
    answer = deliver(counter, intent)
    assert (answer.code, counter.writes) == (7, [])
    assert late in answer.err
    assert "Nothing was written for it" in answer.err
    words = shlex.split(answer.err[answer.err.index("If it is not: cascade ") :])[5:]
    assert counter.type(words[0], "--yes", *words[1:]).code == 0
    assert own_rows(counter, intent)[0]["Status"] == "active"


def test_the_persons_word_stands_in_notes_and_in_the_journal(counter: Counter) -> None:
    intent = counter.paid(hours_ago=200)
    legacy(counter, 20)
    deliver(counter, intent)
    assert deliver(counter, intent, "--although-ambiguous").code == 0
    assert json.loads(own_rows(counter, intent)[0]["Notes"])["overrides"] == ["although-ambiguous"]
    entries = counter.type("journal", "list", "--json").data["entries"]
    told = [e for e in entries if "although-ambiguous" in json.dumps(e)]
    assert [entry["kind"] for entry in told][:1] == ["amendment"]
    assert counter.type("journal", "verify").code == 0


def test_repair_and_replay_leave_it_to_a_person(counter: Counter) -> None:
    counter.paid(hours_ago=200)
    legacy(counter, 20)
    repaired = counter.type("reconcile", "--since", "10d", "--repair", "--yes", "--json")
    assert repaired.data["repairs"] == []
    replayed = counter.type("events", "replay", "--since", "10d", "--yes", "--json")
    assert replayed.code == 7 or not counter.writes
    assert counter.writes == []


def test_a_late_row_that_another_payment_has_leaves_the_first_one_to_repair(
    counter: Counter,
) -> None:
    intent = counter.paid(hours_ago=200)
    counter.paid(hours_ago=20.1)
    legacy(counter, 20)
    assert deliver(counter, intent).code == 0
    assert len(own_rows(counter, intent)) == 1


def test_who_sells_without_the_legacy_connector_pays_no_request_more(counter: Counter) -> None:
    counter.credit("lucia", "5")
    intent = counter.paid(hours_ago=200)
    before = len(counter.sandboxed.recorder.to("airtable"))
    assert deliver(counter, intent).code == 0
    assert len(counter.sandboxed.recorder.to("airtable")) - before == _PER_COMMAND
    assert len(counter.sandboxed.recorder.to("stripe")) == 1


def test_beside_a_late_row_the_payments_around_it_take_one_listing(counter: Counter) -> None:
    intent = counter.paid(hours_ago=200)
    legacy(counter, 20)
    deliver(counter, intent)
    assert len(counter.sandboxed.recorder.to("stripe")) == 2


def test_the_word_goes_with_a_payment_only(counter: Counter) -> None:
    answer = counter.credit("marco", "5", "--although-ambiguous")
    assert answer.code == 2
    assert "goes with --payment" in answer.err


# Twins.


def test_a_credit_takes_no_row_that_is_its_neighbours(counter: Counter) -> None:
    first, second = counter.paid(hours_ago=30), counter.paid(hours_ago=29)
    legacy(counter, 28.9)
    assert deliver(counter, second).code == 0
    assert own_rows(counter, second) == []
    assert deliver(counter, first).code == 0
    assert len(own_rows(counter, first)) == 1


def test_a_won_dispute_delivers_its_own_payment_beside_a_neighbours_row(counter: Counter) -> None:
    account = counter.sandboxed.app.stripe.account
    disputed = counter.sandboxed.pay(counter.now() - timedelta(hours=50))
    counter.paid(hours_ago=40)
    legacy(counter, 39.9)
    dispute = account.dispute(disputed["id"], at=counter.now() - timedelta(hours=30))
    account.close_dispute(dispute["id"], won=True, at=counter.now() - timedelta(hours=20))
    assert counter.type("refund", disputed["payment_intent"], "--yes").code == 0
    assert own_rows(counter, disputed["payment_intent"])[0]["Status"] == "active"


def test_paid_twice_refunded_once_and_delivered_once_is_settled(counter: Counter) -> None:
    counter.paid(hours_ago=30)
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=29))
    legacy(counter, 28.9)
    counter.sandboxed.app.stripe.account.refund(charge["id"], at=counter.now())
    answer = counter.type("reconcile", "--repair", "--yes", "--json")
    assert (answer.code, answer.data["repairs"], counter.writes) == (0, [], [])


# Another payer.


@pytest.mark.parametrize("form", ["key", "legacy"])
def test_what_another_processor_has_paid_nobody_pays_again(counter: Counter, form: str) -> None:
    intent = counter.paid(hours_ago=30)
    if form == "key":
        at = counter.now() - timedelta(hours=29)
        counter.sandboxed.transfer(f"cascade_payment_{intent}", at, ExecutedBy="OLD_PROCESSOR")
    else:
        legacy(counter, 29, ExecutedBy="OLD_PROCESSOR")
    counter.type("reconcile", "--repair", "--yes")
    counter.type("events", "replay", "--since", "2d", "--yes")
    assert deliver(counter, intent).code == 0
    assert counter.writes == []
    assert counter.type("reconcile").code == 0


def test_what_another_processor_has_not_paid_is_left_to_a_person(counter: Counter) -> None:
    intent = counter.paid(hours_ago=30)
    at = counter.now() - timedelta(hours=29)
    fields = {"ExecutedBy": "OLD_PROCESSOR", "Status": "active"}
    counter.sandboxed.transfer(f"cascade_payment_{intent}", at, **fields)
    assert counter.type("reconcile", "--repair", "--yes", "--json").data["repairs"] == []
    assert deliver(counter, intent).code == 7
    assert counter.writes == []
    (row,) = own_rows(counter, intent)
    assert row["ExecutedBy"] == "OLD_PROCESSOR"


def test_a_credit_by_hand_that_another_processor_made_is_not_made_again(counter: Counter) -> None:
    counter.sandboxed.transfer(
        "cascade_manual_r1", counter.now() - timedelta(hours=2), ExecutedBy="OLD_PROCESSOR"
    )
    assert counter.credit("marco", "100", "--reference", "r1").code == 0
    assert counter.writes == []


def test_the_balance_of_the_processor_counts_nothing_that_others_pay(counter: Counter) -> None:
    at = counter.now() - timedelta(hours=2)
    fields = {"ExecutedAt": at.isoformat(), "ExecutedBy": "OLD_PROCESSOR"}
    counter.sandboxed.transfer("cascade_payment_pi_9", at, **fields)
    told = counter.type("citizen", "show", "--json").data
    assert told["outflow"]["executed"]["transfers"] == 0


def test_who_delivers_beside_a_late_row_sees_which(counter: Counter) -> None:
    intent, late = counter.paid(hours_ago=200), legacy(counter, 20)
    answer = counter.credit(
        "marco", "100", "--payment", intent, "--although-ambiguous", "--dry-run"
    )
    told = f"although {late} (executed) may already be the transfer for {intent}"
    assert told in " ".join(answer.out.split())
