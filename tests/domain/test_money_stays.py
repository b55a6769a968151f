"""Whatever refunds and disputes become of a payment, its ducats follow the money that stayed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.kinds import Kind
from cascade_cli.domain.money import ZERO
from cascade_cli.domain.refunds import ROUNDING_DUCATS, Policy
from tests.domain.one_payment import ANY_STATUS, OnePayment, decided, stayed_ducats

Step = Callable[..., object]

NUMBER = st.integers(0, 5000)
REFUND = st.sampled_from(["succeeded", "pending", "requires_action"])
REFUND_END = st.sampled_from(["succeeded", "pending", "failed", "canceled"])
DISPUTE = st.sampled_from(ANY_STATUS)
OUTCOME = st.sampled_from(["won", "lost", "warning_closed", "blocked", "prevented"])


def step(does: Step, **drawn: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    """One of what may happen, shown by its name where a history fails."""
    return st.fixed_dictionaries(drawn).map(lambda numbers: partial(does, **numbers))


AT_STRIPE = st.one_of(
    step(OnePayment.refund, cents=NUMBER, status=REFUND),
    step(OnePayment.refund_turns, index=NUMBER, status=REFUND_END),
    step(OnePayment.dispute, cents=NUMBER, status=DISPUTE),
    step(
        OnePayment.dispute_turns,
        index=NUMBER,
        status=DISPUTE | OUTCOME,
        money_follows=st.booleans(),
    ),
)
IN_VENICE = st.one_of(
    step(OnePayment.look),
    step(OnePayment.write),
    step(OnePayment.engine_runs),
    step(OnePayment.finish),
    step(OnePayment.pass_by, hours=st.integers(1, 200)),
)
HISTORY = st.lists(AT_STRIPE | IN_VENICE, max_size=14)
DUCATS = st.sampled_from([Decimal(100), Decimal("99.999999"), Decimal(7), Decimal("0.000003")])
DELIVERED = st.sampled_from(["executed", "active"])
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
    case = payment.case()
    assert (case.to_return, case.to_give_again, case.exposure) == (0, 0, 0)


@given(DUCATS, HISTORY, OUTCOMES)
def test_what_was_not_delivered_before_gives_no_ducats_without_money_nor_hides_that_some_lack(
    ducats: Decimal, history: list[Step], outcomes: list[str]
) -> None:
    """The rest of a payment is delivered once: money that comes back after that is for a person,
    who is told how many ducats it bought."""
    payment = lived(OnePayment(ducats), "", history)
    decided(payment, outcomes)
    payment.finish()
    lacking = stayed_ducats(payment) - payment.citizen_ducats
    assert lacking >= -ROUNDING_DUCATS
    shown = [(item.kind, item.at_risk) for item in payment.discrepancies()]
    if lacking > ROUNDING_DUCATS:
        ((kind, at_risk),) = shown
        assert kind is Kind.AMOUNT_MISMATCH
        assert abs(at_risk - lacking) <= ROUNDING_DUCATS
    assert all(at_risk <= max(lacking, ZERO) + ROUNDING_DUCATS for _, at_risk in shown)


@given(DUCATS, HISTORY)
def test_while_a_bank_has_not_decided_nothing_moves_beyond_what_is_decided(
    ducats: Decimal, history: list[Step]
) -> None:
    """What is contested may have been taken before, and may be with the citizen."""
    payment = lived(OnePayment(ducats), "executed", history)
    payment.finish()
    assert payment.citizen_ducats >= stayed_ducats(payment) - ROUNDING_DUCATS
    before = payment.citizen_ducats
    payment.finish()
    assert payment.citizen_ducats == before


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
