"""Whatever refunds and disputes become of a payment, its ducats follow the money that stayed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS, Policy
from cascade_cli.domain.shop.money import ZERO
from tests.domain.one_payment import (
    ANY_STATUS,
    OnePayment,
    bought_by,
    decided,
    stayed_ducats,
)
from tests.domain.samples import FIRST_ROUND

Step = Callable[..., object]

WHICH = st.integers(0, 2)
CENTS = st.sampled_from([999, 499, 332, 0]) | st.integers(0, 999)
REFUND = st.sampled_from(["succeeded", "pending", "requires_action"])
REFUND_END = st.sampled_from(["succeeded", "pending", "failed", "canceled"])
DISPUTE = st.sampled_from(ANY_STATUS)
OUTCOME = st.sampled_from(["won", "lost", "warning_closed", "blocked", "prevented"])


def step(does: Step, **drawn: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    """One of what may happen, shown by its name where a history fails."""
    return st.fixed_dictionaries(drawn).map(lambda numbers: partial(does, **numbers))


REFUNDED = step(OnePayment.refund, cents=CENTS, status=REFUND) | step(
    OnePayment.refund_turns, index=WHICH, status=REFUND_END
)
DISPUTED = step(OnePayment.dispute, cents=CENTS, status=DISPUTE) | step(
    OnePayment.dispute_turns,
    index=WHICH,
    status=OUTCOME | DISPUTE,
    money_follows=st.sampled_from([True, True, False]),
)
IN_VENICE = st.one_of(
    step(OnePayment.finish),
    step(OnePayment.finish),
    step(OnePayment.hear),
    step(OnePayment.look),
    step(OnePayment.write),
    step(OnePayment.engine_runs),
    step(OnePayment.pass_by, hours=st.sampled_from([1, 80])),
)


def turns(at_stripe: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    """A change at Stripe, and what cascade and the engine make of it, again and again."""
    pairs = st.lists(st.tuples(at_stripe, IN_VENICE), max_size=9)
    return pairs.map(lambda found: [one for pair in found for one in pair])


HISTORY = turns(REFUNDED | DISPUTED)
UNDECIDED = turns(
    REFUNDED | step(OnePayment.dispute, cents=CENTS, status=st.sampled_from(FIRST_ROUND))
)
DUCATS = st.sampled_from([Decimal(100), Decimal("99.999999"), Decimal(7), Decimal("0.000003")])
DELIVERED = st.sampled_from(["executed", "active", ""])
OUTCOMES = st.lists(OUTCOME, min_size=1, max_size=3)


def lived(payment: OnePayment, delivered: str, history: list[Step]) -> OnePayment:
    payment.deliver(delivered)
    for happens in history:
        happens(payment)
        payment.pass_by(1)
    return payment


@given(DUCATS, DELIVERED, HISTORY, OUTCOMES)
def test_in_the_end_a_citizen_has_exactly_the_ducats_whose_money_stayed(
    ducats: Decimal, delivered: str, history: list[Step], outcomes: list[str]
) -> None:
    payment = lived(OnePayment(ducats), delivered, history)
    decided(payment, outcomes)
    payment.finish()
    difference = payment.citizen_ducats - stayed_ducats(payment)
    assert abs(difference) <= ROUNDING_DUCATS, (payment.citizen_ducats, stayed_ducats(payment))


@given(DUCATS, DELIVERED, HISTORY, OUTCOMES)
def test_when_nothing_is_left_to_do_no_run_finds_anything_to_say(
    ducats: Decimal, delivered: str, history: list[Step], outcomes: list[str]
) -> None:
    payment = lived(OnePayment(ducats), delivered, history)
    decided(payment, outcomes)
    payment.finish()
    assert payment.discrepancies() == []
    matched = payment.matched()
    assert {matched.to_return, matched.to_give_again, matched.exposure} == {ZERO}


@given(DUCATS, DELIVERED, HISTORY)
def test_a_run_tells_of_whatever_a_refund_would_do(
    ducats: Decimal, delivered: str, history: list[Step]
) -> None:
    payment = lived(OnePayment(ducats), delivered, history)
    plan = payment.look()
    if any(order.ducats > ROUNDING_DUCATS for order in (*plan.endings, *plan.orders)):
        assert payment.discrepancies(), plan


@given(DUCATS, UNDECIDED)
def test_what_a_bank_has_not_decided_leaves_the_ducats_where_they_are(
    ducats: Decimal, history: list[Step]
) -> None:
    payment = lived(OnePayment(ducats), "executed", history)
    payment.finish()
    refunded = sum(cause.gone for cause in payment.causes if cause.is_refund)
    difference = payment.citizen_ducats - bought_by(payment, 1000 - refunded)
    assert abs(difference) <= ROUNDING_DUCATS


@given(
    st.sampled_from(list(Policy)),
    DUCATS,
    HISTORY,
    OUTCOMES,
    st.lists(st.tuples(st.integers(0, 13), st.integers(0, 120)), max_size=3),
)
def test_what_was_written_off_stays_with_the_citizen_and_no_more(
    policy: Policy,
    ducats: Decimal,
    history: list[Step],
    outcomes: list[str],
    spent: list[tuple[int, int]],
) -> None:
    for at, number in spent:
        history = [*history[:at], partial(OnePayment.spend, ducats=number), *history[at:]]
    payment = lived(OnePayment(ducats, policy), "executed", history)
    decided(payment, outcomes)
    payment.finish()
    payment.write_off()
    payment.finish()
    beyond = payment.citizen_ducats - stayed_ducats(payment)
    off = sum(payment.written_off.values(), Decimal(0))
    assert -ROUNDING_DUCATS <= beyond <= off + ROUNDING_DUCATS
    assert not payment.picture().left
