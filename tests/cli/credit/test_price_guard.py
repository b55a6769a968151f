"""No machine delivers a payment that was not paid for in full; a person says so explicitly."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cascade_cli.backend import credit_ducats_sync
from cascade_cli.cli.terminal.session import Session
from tests.harness.counter import Counter, write_credits

# 10,000 ducats cost 1,000 USD at 0.10, and 500 USD at the lowest rate.
SHORT: dict[str, dict[str, Any]] = {
    "half a dollar": {"ducats": "10000", "cents": 50},
    "a rate of its own": {"ducats": "10000", "cents": 50, "exchange_rate": "0.000005"},
    "a rate of its own, paid by the lowest": {"cents": 500, "exchange_rate": "0.0499"},
    "dongs": {"ducats": "10000", "cents": 13_000, "currency": "vnd"},
    "dongs at a rate of its own": {
        "ducats": "10000",
        "cents": 13_000,
        "currency": "vnd",
        "currency_rate": "1",
        "currency_rate_date": "2026-11-20",
    },
}
short = pytest.mark.parametrize("purchase", SHORT.values(), ids=SHORT)


def paid(counter: Counter, purchase: dict[str, Any]) -> tuple[str, str]:
    """The payment, and the ducats that it names."""
    return counter.paid(**purchase), purchase.get("ducats", "100")


@short
def test_the_report_s_command_for_it_delivers_no_more_than_was_paid_for(
    counter: Counter, purchase: dict[str, Any]
) -> None:
    intent, _ = paid(counter, purchase)
    (item,) = counter.type("reconcile", "--json").data["items"]
    gives, reason = "--credit", "only this was paid for"
    if purchase.get("currency"):
        gives, reason = "--snooze 7d", "the buyer is being asked"
    command = f"cascade resolve {intent} {gives} --reason '{reason}'"
    assert item["repair"] == {"command": command, "automatic": False}


@short
def test_repair_leaves_it_alone(counter: Counter, purchase: dict[str, Any]) -> None:
    paid(counter, purchase)
    assert counter.type("reconcile", "--repair", "--yes").code == 3
    assert counter.rows() == []


@short
def test_replay_leaves_it_alone(counter: Counter, purchase: dict[str, Any]) -> None:
    paid(counter, purchase)
    counter.type("events", "replay", "--since", "1d", "--yes")
    assert counter.rows() == []


@short
def test_a_credit_of_the_payment_is_refused_without_the_word(
    counter: Counter, purchase: dict[str, Any]
) -> None:
    intent, ducats = paid(counter, purchase)
    answer = counter.credit("marco", ducats, "--payment", intent)
    assert (answer.code, counter.rows()) == (7, [])
    line = f"cascade credit marco {ducats} --payment {intent} --reason gift --although-underpaid"
    assert line in " ".join(answer.err.split())


@short
def test_the_backend_is_refused_for_good(counter: Counter, purchase: dict[str, Any]) -> None:
    intent, ducats = paid(counter, purchase)
    session = Session(quiet=True, environ=counter.environment())
    answer = credit_ducats_sync("marco", ducats, payment_intent=intent, session=session)
    assert (answer["success"], answer["retry"], counter.rows()) == (False, False, [])
    assert answer["error"]


@short
def test_the_word_delivers_it_and_stands_in_notes_and_in_the_journal(
    counter: Counter, purchase: dict[str, Any]
) -> None:
    intent, ducats = paid(counter, purchase)
    answer = counter.credit("marco", ducats, "--payment", intent, "--although-underpaid")
    assert answer.code == 0, answer
    notes = json.loads(counter.row(f"cascade_payment_{intent}")["Notes"])
    assert notes["overrides"] == ["although-underpaid"]
    entries = counter.type("journal", "list", "--json").data["entries"]
    (intended,) = [entry for entry in entries if entry["kind"] == "intent"]
    assert intended["body"]["detail"]["overrides"] == ["although-underpaid"]


def test_the_refusal_says_price_worth_and_difference(counter: Counter) -> None:
    intent = counter.paid(ducats="10000", cents=50)
    answer = counter.credit("marco", "10000", "--payment", intent)
    text = " ".join(answer.err.split())
    assert "paid 0.50 USD where 1,000.00 USD were due at 0.1 USD per ducat: 999.50 USD less" in text


def test_a_dry_run_with_the_word_shows_price_worth_and_difference(counter: Counter) -> None:
    intent = counter.paid(ducats="10000", cents=50)
    words = ("credit", "marco", "10000", "--payment", intent, "--reason", "gift", "--dry-run")
    answer = counter.type(*words, "--although-underpaid")
    assert answer.code == 0
    assert "999.50 USD less" in " ".join(answer.out.split())
    (order,) = counter.type(*words, "--although-underpaid", "--json").data["orders"]
    assert "999.50 USD less" in order["shortfall"]
    assert counter.rows() == []


def test_the_word_is_not_recorded_where_enough_was_paid(counter: Counter) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent, "--although-underpaid").code == 0
    assert "overrides" not in json.loads(counter.row(f"cascade_payment_{intent}")["Notes"])


def test_what_was_delivered_all_the_same_is_not_refused_again(counter: Counter) -> None:
    intent = counter.paid(ducats="10000", cents=50)
    words = ("marco", "10000", "--payment", intent)
    assert counter.credit(*words, "--although-underpaid").code == 0
    again = counter.credit(*words)
    assert (again.code, len(counter.rows())) == (0, 1)
    assert "already" in again.out


def test_a_number_of_ducats_that_the_person_fills_in_is_judged_like_the_payment_s(
    counter: Counter,
) -> None:
    intent = counter.paid(ducats="many", cents=50)
    answer = counter.credit("marco", "10000", "--payment", intent)
    assert (answer.code, counter.rows()) == (7, [])


def test_a_payment_credited_without_words_is_guarded_alike(counter: Counter) -> None:
    intent = counter.paid(ducats="10000", cents=50)
    words = ("credit", "--payment", intent, "--reason", "late", "--yes")
    assert (counter.type(*words).code, counter.rows()) == (7, [])
    assert counter.type(*words, "--although-underpaid").code == 0
    assert len(counter.rows()) == 1


@pytest.fixture
def file(counter: Counter) -> tuple[str, str]:
    """A file with one row whose reference is the id of an underpaid payment."""
    intent = counter.paid(ducats="10000", cents=50)
    rows = [("marco", "10000", "late", intent), ("lucia", "5", "gift", "ticket-1")]
    return str(write_credits(counter.state.parent / "credits.csv", rows)), intent


def test_a_row_of_a_file_whose_reference_is_a_payment_is_guarded_alike(
    counter: Counter, file: tuple[str, str]
) -> None:
    path, intent = file
    answer = counter.type("credit", "--file", path, "--yes")
    assert (answer.code, counter.rows()) == (7, [])
    assert "999.50 USD less" in " ".join(answer.err.split())
    assert counter.type("credit", "--file", path, "--yes", "--although-underpaid").code == 0
    keys = {row["StratagemId"] for row in counter.rows()}
    assert keys == {f"cascade_payment_{intent}", "cascade_manual_ticket-1"}


def test_a_payment_s_id_is_no_reference_of_a_credit_by_hand(counter: Counter) -> None:
    intent = counter.paid(ducats="10000", cents=50)
    answer = counter.credit("marco", "10000", "--reference", intent)
    assert (answer.code, counter.rows()) == (7, [])
    assert f"--payment {intent}" in " ".join(answer.err.split())
    session = Session(quiet=True, environ=counter.environment())
    told = credit_ducats_sync("marco", "10000", reference=intent, session=session)
    assert (told["success"], told["retry"], counter.rows()) == (False, False, [])


def test_a_refund_does_not_deliver_the_rest_of_it(counter: Counter) -> None:
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5), ducats="10000", cents=50_000)
    counter.sandboxed.app.stripe.account.refund(charge["id"], amount=10_000, at=counter.now())
    answer = counter.type("refund", charge["payment_intent"], "--yes")
    assert (answer.code, counter.rows()) == (7, [])
    assert "less than its ducats cost" in " ".join(answer.err.split())


def test_explain_leads_with_the_shortfall_and_tells_the_decision(counter: Counter) -> None:
    intent = counter.paid(ducats="10000", cents=50)
    verdict = counter.type("explain", intent, "--json").data["verdict"]
    assert verdict["sentence"].startswith("paid 0.50 USD where 1,000.00 USD were due")
    assert f"cascade resolve {intent} --credit " in verdict["repair"]["command"]
    assert "gives the 5 ducats that were paid for" in verdict["advice"]
    assert f"--payment {intent}" in verdict["advice"]
    assert "--although-underpaid" in verdict["advice"]


def test_explain_prints_the_decision_s_command_unfolded_on_a_line_of_its_own(
    counter: Counter,
) -> None:
    intent = counter.paid(ducats="10000", cents=50)
    lines = [x for x in counter.type("explain", intent).out.splitlines() if "  $ cascade" in x]
    line, otherwise, *again = lines
    assert again == [line, otherwise], "the story ends as it begins"
    assert otherwise.startswith(f"  $ cascade resolve {intent} --credit ")
    assert line.startswith("  $ cascade credit marco")
    assert line.endswith("--although-underpaid")
