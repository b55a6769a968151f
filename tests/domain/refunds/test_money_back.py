"""How much of a charge's money went back: the money decides, not the word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.records.charges import Charge, Dispute, Portion, Refund
from cascade_cli.domain.refunds.money_back import money_back, refunded_cents
from tests.domain.samples import FIRST_ROUND, PAID, a_charge

APPEALED = ["appeal_needs_response", "appeal_under_review"]


def a_refund(hours: int = 1, cents: int = 300, **changed: object) -> Refund:
    refund = Refund(f"re_{hours}", "succeeded", cents, PAID + timedelta(hours=hours), has_left=True)
    return replace(refund, **changed)  # type: ignore[arg-type]


def a_dispute(status: str, taken: int | None = 1000, hours: int = 9) -> Dispute:
    at = PAID + timedelta(hours=hours)
    return Dispute(f"du_{hours}", "ch_1", status, "fraudulent", 1000, taken, at)


def charged(*refunds: Refund, stated: int | None = None) -> Charge:
    stated = sum(refund.amount_cents for refund in refunds) if stated is None else stated
    return a_charge(refunds=refunds, refunded_cents=refunded_cents(refunds, stated))


def counted(charge: Charge, *disputes: Dispute, taken: str = "") -> dict[str, tuple[int, int]]:
    causes = money_back(charge, disputes, {taken}).causes
    return {one.refund.id: (one.cents, one.held_cents) for one in causes}


@pytest.mark.parametrize("status", ["succeeded", "pending", "requires_action", "canceled", "new"])
def test_a_refund_counts_by_whether_its_money_has_left_whatever_its_status(status: str) -> None:
    left = a_refund(status=status)
    assert money_back(charged(left)).cents == 300
    assert money_back(charged(replace(left, has_left=False))).cents == 0


def test_refunds_are_never_more_than_what_stripe_states_in_sum() -> None:
    assert refunded_cents([a_refund(1, 300), a_refund(2, 400)], 500) == 500
    assert money_back(charged(a_refund(1, 300), a_refund(2, 400), stated=500)).cents == 500


def test_without_its_refunds_the_sum_that_stripe_states_counts() -> None:
    charge = a_charge(refunded_cents=250)
    assert (money_back(charge).cents, money_back(charge).causes) == (250, ())


@pytest.mark.parametrize("status", ["lost", "prevented", *APPEALED, "never_heard_of"])
def test_what_a_dispute_took_is_gone_once_the_first_round_is_over(status: str) -> None:
    found = money_back(charged(), [a_dispute(status)])
    assert (found.cents, found.held_cents) == (1000, 0)
    assert not a_dispute(status).is_undecided


@pytest.mark.parametrize("status", FIRST_ROUND)
def test_what_a_dispute_took_is_held_while_its_first_round_is_open(status: str) -> None:
    found = money_back(charged(), [a_dispute(status)])
    assert (found.cents, found.held_cents) == (0, 1000)
    assert a_dispute(status).is_undecided
    assert a_dispute(status, 0).is_undecided


@pytest.mark.parametrize("status", ["won", "warning_closed"])
def test_a_dispute_that_was_won_is_open_until_its_money_is_back(status: str) -> None:
    found = money_back(charged(), [a_dispute(status, 400)])
    assert (found.cents, found.held_cents) == (0, 400)
    assert a_dispute(status, 400).awaits_money
    assert not a_dispute(status, 0).is_undecided


@pytest.mark.parametrize("status", ["lost", "prevented"])
def test_a_dispute_whose_money_is_here_took_nothing_whatever_it_is_called(status: str) -> None:
    assert money_back(charged(), [a_dispute(status, 0)]).cents == 0
    assert not a_dispute(status, 0).is_undecided


@pytest.mark.parametrize("status", [*APPEALED, "never_heard_of"])
def test_a_procedure_that_took_nothing_is_open_and_not_won(status: str) -> None:
    assert a_dispute(status, 0).is_undecided
    assert money_back(charged(), [a_dispute(status, 0)]).cents == 0


def test_more_that_came_back_than_went_takes_nothing() -> None:
    assert money_back(charged(), [a_dispute("lost", -5)]).cents == 0


@pytest.mark.parametrize(
    ("status", "gone"), [("lost", 1000), ("won", 0), ("prevented", 0), ("needs_response", 0)]
)
def test_where_stripe_tells_of_no_movements_only_a_lost_dispute_took_money(
    status: str, gone: int
) -> None:
    assert money_back(charged(), [a_dispute(status, None)]).cents == gone


def test_a_refund_and_a_lost_dispute_are_together_never_more_than_was_paid() -> None:
    charge = charged(a_refund(cents=300))
    assert money_back(charge, [a_dispute("lost")]).cents == 1000
    assert counted(charge, a_dispute("lost")) == {"re_1": (300, 0), "du_9": (700, 0)}


def test_the_older_of_two_causes_has_the_money_first() -> None:
    charge = charged(a_refund(cents=300))
    assert counted(charge, a_dispute("lost", hours=0)) == {"du_0": (1000, 0), "re_1": (0, 0)}


def test_a_cause_for_which_ducats_were_taken_keeps_its_share() -> None:
    charge = charged(a_refund(cents=300))
    found = counted(charge, a_dispute("lost", hours=0), taken="re_1")
    assert found == {"du_0": (700, 0), "re_1": (300, 0)}


def test_an_open_dispute_holds_only_what_no_refund_sent_back() -> None:
    charge = charged(a_refund(cents=300))
    found = counted(charge, a_dispute("needs_response", hours=0), taken="du_0")
    assert found == {"du_0": (0, 700), "re_1": (300, 0)}


def test_a_part_of_a_payment_for_many_has_causes_of_its_own() -> None:
    part = Portion(3, 4, Decimal(400), 250)
    charge = replace(charged(a_refund(cents=300)), portion=part, id="ch_1.3")
    assert counted(charge, a_dispute("lost", 100)) == {"re_1.3": (300, 0), "du_9.3": (100, 0)}
