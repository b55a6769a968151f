"""Advice and conclusions say only what is so: of executed rows nothing is to be cancelled, of a
charge without a row nothing was executed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.advice import advice_on_orphan
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.explain.story import verdict_of
from cascade_cli.domain.records.charges import Dispute
from cascade_cli.domain.records.stratagems import Failure, State
from cascade_cli.domain.shop.keys import Origin, refund_key
from tests.domain.samples import NOW, a_charge, a_stratagem, judge, keyed, the_item

LIVE: dict[str, Any] = {"status": "active", "expires_at": NOW + timedelta(hours=30)}
EXECUTED: dict[str, Any] = {"status": "executed"}
DOUBTFUL: dict[str, Any] = {"status": "failed", "failure": Failure.UNCERTAIN}
CHARGE = a_charge()


def judged(*rows: dict[str, Any], charge: Any = CHARGE, **answers: Any) -> Item:
    made = [keyed(charge, record_id=f"rec{n}", **row) for n, row in enumerate(rows, 1)]
    return the_item(charge, *made, **answers)


@pytest.mark.parametrize(
    ("state", "said", "advised"),
    [
        (EXECUTED, "went to 'lucia'", "It was executed: credit the right citizen"),
        (LIVE, "is to go to 'lucia'", "not executed yet: take it back before"),
    ],
)
def test_of_a_wrong_citizen_it_is_said_whether_it_went_or_is_to_go(
    state: dict[str, Any], said: str, advised: str
) -> None:
    item = judged({**state, "citizen": "lucia"})
    assert item.kind is Kind.WRONG_CITIZEN
    assert item.verdict.startswith(said)
    assert advised in item.advice


@pytest.mark.parametrize(
    ("state", "ducats", "said", "advised"),
    [
        (EXECUTED, 60, "transferred 60 ducats", "too few ducats: credit the difference"),
        (EXECUTED, 160, "transferred 160 ducats", "too many ducats: talk to the citizen"),
        (LIVE, 60, "is to transfer 60 ducats", "take it back before the engine's next run"),
        (LIVE, 160, "is to transfer 160 ducats", "take it back before the engine's next run"),
    ],
)
def test_of_another_amount_it_is_said_whether_too_few_or_too_many_have_moved(
    state: dict[str, Any], ducats: int, said: str, advised: str
) -> None:
    item = judged({**state, "ducats": Decimal(ducats)})
    assert item.kind is Kind.AMOUNT_MISMATCH
    assert item.verdict.startswith(said)
    assert advised in item.advice


@pytest.mark.parametrize(
    ("rows", "advised"),
    [
        ((EXECUTED, EXECUTED), "talk to the citizen"),
        ((EXECUTED, LIVE), "One was executed: end the rest"),
        ((LIVE, LIVE), "None is executed yet"),
    ],
)
def test_of_a_duplicate_it_is_said_how_much_can_still_be_ended(
    rows: tuple[dict[str, Any], ...], advised: str
) -> None:
    item = judged(*rows)
    assert item.kind is Kind.DUPLICATE
    assert advised in item.advice


def test_doubtful_ducats_are_compared_before_anything_else() -> None:
    assert judged(DOUBTFUL).advice.startswith("Compare both balances")


@pytest.mark.parametrize("kind", ["missing", "failed", "stalled"])
def test_where_some_of_the_money_went_back_nobody_is_told_to_credit_all(kind: str) -> None:
    rows: dict[str, tuple[dict[str, Any], ...]] = {
        "missing": (),
        "failed": ({"status": "failed", "failure": Failure.NO_FUNDS},),
        "stalled": ({"status": "expired"},),
    }
    item = judged(*rows[kind], charge=a_charge(refunded_cents=400))
    assert item.kind == kind
    assert "delivers what the rest of it bought" in item.advice
    assert item.repair == Repair("cascade refund pi_1")


def test_a_cancelled_transfer_is_asked_about_first() -> None:
    assert "find out who" in judged({"status": "cancelled"}).advice
    assert "cancelled" not in judged({"status": "expired"}).advice


def test_who_lacks_ducats_is_not_called_the_citizen() -> None:
    refused = {"status": "failed", "failure": Failure.NO_FUNDS}
    assert "Give the processor enough ducats" in judged(refused).advice
    malformed = {"status": "failed", "failure": Failure.MALFORMED}
    assert "Remove the cause" in judged(malformed).advice


def test_a_dispute_is_answered_with_the_executed_stratagem_only_where_there_is_one() -> None:
    dispute = Dispute("du_1", "ch_1", "needs_response", "fraudulent", 1000)
    answers = {"disputes": {"ch_1": (dispute,)}}
    charge = a_charge(disputed=True)
    executed = judged(EXECUTED, charge=charge, **answers)
    live = judged(LIVE, charge=charge, **answers)
    assert (executed.kind, live.kind) == (Kind.DISPUTED, Kind.DISPUTED)
    assert "proves the delivery" in executed.advice
    assert "still to arrive" in live.advice


@pytest.mark.parametrize("status", ["under_review", "warning_under_review", "appeal_under_review"])
def test_nobody_is_told_to_answer_what_was_answered(status: str) -> None:
    reviewed = Dispute("du_1", "ch_1", status, "fraudulent", 1000, 0)
    won = Dispute("du_2", "ch_1", "won", "fraudulent", 1000, 1000)
    charge = a_charge(disputed=True)
    for disputes in [(reviewed,), (reviewed, won)]:
        executed = judged(EXECUTED, charge=charge, disputes={"ch_1": disputes})
        assert executed.advice == "The dispute has been answered: wait for the bank's decision."
        live = judged(LIVE, charge=charge, disputes={"ch_1": disputes})
        assert live.advice.startswith(f"{executed.advice} Its ducats are still to arrive: ")
    begun = Dispute("du_3", "ch_1", "needs_response", "fraudulent", 1000, 0)
    both = judged(EXECUTED, charge=charge, disputes={"ch_1": (reviewed, begun)})
    assert both.advice.startswith("Answer the dispute in Stripe")


@pytest.mark.parametrize("status", ["lost", "prevented", "appeal_under_review", "unheard_of"])
def test_whatever_a_dispute_is_called_that_took_the_money_is_not_said_to_be_lost(
    status: str,
) -> None:
    taking = Dispute("du_1", "ch_1", status, "fraudulent", 1000, 1000)
    item = judged(EXECUTED, charge=a_charge(disputed=True), disputes={"ch_1": (taking,)})
    assert item.advice == "Its money is gone: take the ducats back, or write them off."


def test_what_a_dispute_in_vain_kept_from_arriving_is_not_blamed_on_the_webhook() -> None:
    won = Dispute("du_1", "ch_1", "won", "fraudulent", 1000, 0)
    item = judged(charge=a_charge(disputed=True), disputes={"ch_1": (won,)})
    assert (item.kind, item.repair) == (Kind.MISSING, Repair("cascade refund pi_1", automatic=True))
    assert item.advice == "The dispute has ended, and the money is there: this delivers the ducats."


def test_of_whom_only_the_amount_is_unknown_nobody_looks_for_the_buyer() -> None:
    half = a_charge(ducats=None, ducats_text="in_1 was paid by more than this payment")
    item = judged(charge=half)
    assert item.advice == "Find out how many ducats it paid for, then credit them to that payment."


def test_of_a_refund_it_is_said_whether_the_ducats_have_arrived() -> None:
    whole, part = a_charge(refunded_cents=1000), a_charge(refunded_cents=400)
    assert "the ducats are to come back" in judged(EXECUTED, charge=whole).advice
    assert "of the refunded part" in judged(EXECUTED, charge=part).advice
    assert "keep them from arriving" in judged(LIVE, charge=whole).advice


def test_an_orphan_is_kept_from_the_engine_only_while_it_is_live() -> None:
    ending = {state for state in State if "before the engine" in advice_on_orphan(state)}
    assert ending == {State.LIVE}


@pytest.mark.parametrize("row", [(), ({"status": "expired"},)])
def test_a_charge_without_an_executed_row_is_not_called_executed(
    row: tuple[dict[str, Any], ...],
) -> None:
    item = judged(*row, charge=a_charge(refunded_cents=1000))
    sentence = verdict_of(item).sentence
    assert item.kind is Kind.SETTLED
    assert sentence == "all money went back before any ducats moved: nothing is owed"


def test_a_charge_that_was_delivered_as_sold_is_called_executed_once() -> None:
    sentence = verdict_of(judged(EXECUTED)).sentence
    assert sentence == "executed once, for the right citizen and amount; nothing is owed"


def test_after_a_refund_the_conclusion_tells_of_it() -> None:
    charge = a_charge(refunded_cents=1000)
    back = a_stratagem(
        "2",
        stratagem_id=refund_key("re_1"),
        origin=Origin.REFUND,
        payer="marco",
        citizen="",
        stripe_ids=("pi_1",),
    )
    item = judge([charge], [keyed(charge), back]).items[0]
    assert item.kind is Kind.SETTLED
    assert "went back" in verdict_of(item).sentence


def test_what_is_young_waits_for_the_webhook_and_what_is_live_for_the_engine() -> None:
    young = a_charge(created_at=NOW - timedelta(minutes=5))
    assert verdict_of(judged(charge=young)).sentence.startswith("recent")
    assert "webhook" in judged(charge=young).advice
    assert "engine's next run" in verdict_of(judged(LIVE)).sentence
    assert "engine's next run" in judged(LIVE).advice


def test_every_kind_of_discrepancy_has_advice() -> None:
    unknown = judged(citizens={"marco": False})
    nobody = judged(charge=a_charge(citizen=None))
    cheap = judged(EXECUTED, charge=replace(CHARGE, captured_cents=100))
    for item in (unknown, nobody, cheap):
        assert item.advice
