"""A dispute's balance transactions say where the money is; its status is only a word."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
import stripe

from cascade_cli.sandbox.stripe import StripeAccount, StripeError
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, buy, refusal


@pytest.fixture
def charge(account: StripeAccount, clock: StoppedClock) -> str:
    return str(buy(account, clock.time)["id"])


class Walk(Protocol):
    """Opens a dispute by the first step and leads it through the others."""

    def __call__(self, *steps: str, **how: Any) -> stripe.Dispute: ...


@pytest.fixture
def walk(client: V1, account: StripeAccount, clock: StoppedClock, charge: str) -> Walk:
    def go(*steps: str, **how: Any) -> stripe.Dispute:
        first, *others = steps
        id = account.dispute(charge, at=clock.time, status=first, **how)["id"]
        for status in others:
            account.turn_dispute(id, at=clock.time, status=status)
        return client.disputes.retrieve(id)

    return go


def amounts(dispute: stripe.Dispute) -> list[int]:
    """What the dispute has moved, in order."""
    return [each.amount for each in dispute.balance_transactions]


@pytest.mark.parametrize(
    ("steps", "moved"),
    [
        (("warning_needs_response",), []),
        (("warning_needs_response", "warning_under_review", "warning_closed"), []),
        (("warning_needs_response", "needs_response"), [-1000]),
        (("needs_response",), [-1000]),
        (("needs_response", "under_review"), [-1000]),
        (("needs_response", "under_review", "won"), [-1000, 1000]),
        (("needs_response", "lost"), [-1000]),
        (("needs_response", "lost", "won"), [-1000, 1000]),
        (("needs_response", "lost", "appeal_needs_response"), [-1000]),
        (("needs_response", "lost", "appeal_needs_response", "appeal_under_review"), [-1000]),
        (("needs_response", "lost", "appeal_needs_response", "won"), [-1000, 1000]),
        (
            ("needs_response", "lost", "appeal_needs_response", "appeal_under_review", "lost"),
            [-1000],
        ),
        (("needs_response", "unheard_of"), [-1000]),
        (("needs_response", "unheard_of", "won"), [-1000, 1000]),
        (("prevented",), []),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_the_money_follows_the_dispute(
    client: V1, charge: str, walk: Walk, steps: tuple[str, ...], moved: list[int]
) -> None:
    dispute = walk(*steps)
    assert dispute.status == steps[-1]
    assert amounts(dispute) == moved
    assert client.charges.retrieve(charge).disputed


@pytest.mark.parametrize(("case_type", "moved"), [("block", []), ("resolution", [-1000])])
def test_a_prevented_dispute_has_paid_the_cardholder_only_by_a_resolution(
    walk: Walk, case_type: str, moved: list[int]
) -> None:
    dispute = walk("prevented", prevented_by=case_type)
    assert dispute.payment_method_details is not None
    assert dispute.payment_method_details.card is not None
    assert dispute.payment_method_details.card.case_type == case_type
    assert amounts(dispute) == moved


def test_part_of_a_charge_can_be_disputed(walk: Walk) -> None:
    assert amounts(walk("needs_response", amount=400)) == [-400]


def test_no_more_than_the_charge_has_left_can_be_disputed(
    account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    account.refund(charge, at=clock.time, amount=400)
    with pytest.raises(StripeError, match=r"No more than \$6.00"):
        account.dispute(charge, at=clock.time, amount=601)


def test_a_dispute_may_be_in_another_currency_than_its_charge(walk: Walk) -> None:
    dispute = walk("needs_response", "won", amount=930, currency="eur", withdrawn=1013)
    assert (dispute.amount, dispute.currency) == (930, "eur")
    moved = [(each.amount, each.currency) for each in dispute.balance_transactions]
    assert moved == [(-1013, "usd"), (1013, "usd")]


def test_a_claim_in_another_currency_takes_all_that_is_left_unless_it_says_what(
    account: StripeAccount, clock: StoppedClock, charge: str, walk: Walk
) -> None:
    account.refund(charge, at=clock.time, amount=400)
    assert amounts(walk("needs_response", amount=550, currency="eur")) == [-600]


def test_a_dispute_of_money_that_was_exchanged_moves_what_the_account_holds(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    account.settle_in("usd", {"eur": 1.1})
    charge = buy(account, clock.time, currency="eur")["id"]
    dispute = account.dispute(charge, at=clock.time)["id"]
    account.settle_in("usd", {"eur": 1.2})
    account.turn_dispute(dispute, at=clock.time, status="won")
    found = client.disputes.retrieve(dispute)
    assert (found.amount, found.currency) == (1000, "eur")
    moved = [(each.amount, each.currency) for each in found.balance_transactions]
    assert moved == [(-1100, "usd"), (1100, "usd")]


def test_the_money_that_leaves_and_returns_is_told_of(client: V1, walk: Walk) -> None:
    walk("needs_response", "lost", "appeal_needs_response", "won")
    types = [event.type for event in client.events.list({"type": "charge.dispute.*"}).data]
    told = ["created", "funds_withdrawn", "closed", "updated", "funds_reinstated", "closed"]
    assert types[::-1] == [f"charge.dispute.{each}" for each in told]


@pytest.mark.parametrize(
    "steps",
    [
        ("needs_response", "warning_closed"),
        ("needs_response", "won", "lost"),
        ("needs_response", "appeal_under_review"),
        ("prevented", "won"),
        ("warning_needs_response", "won"),
    ],
)
def test_a_stage_that_cannot_follow_is_refused(walk: Walk, steps: tuple[str, ...]) -> None:
    with pytest.raises(StripeError, match="cannot become"):
        walk(*steps)


@pytest.mark.parametrize("status", ["won", "under_review"])
def test_no_dispute_begins_with_its_end(walk: Walk, status: str) -> None:
    with pytest.raises(StripeError, match="No dispute begins as"):
        walk(status)


def test_a_charge_whose_money_a_dispute_has_is_neither_refunded_nor_disputed_again(
    client: V1, charge: str, walk: Walk
) -> None:
    walk("needs_response", "lost")
    assert refusal(client.refunds.create, {"charge": charge}).code == "charge_disputed"
    with pytest.raises(StripeError, match="cannot be disputed"):
        walk("needs_response")


@pytest.mark.parametrize(
    "steps", [("warning_needs_response",), ("needs_response", "won"), ("prevented",)]
)
def test_a_charge_whose_money_is_here_can_be_refunded(
    client: V1, charge: str, walk: Walk, steps: tuple[str, ...]
) -> None:
    walk(*steps)
    assert client.refunds.create({"charge": charge}).amount == 1000


def test_each_stage_that_needs_an_answer_has_its_own_deadline(
    client: V1, account: StripeAccount, clock: StoppedClock, walk: Walk
) -> None:
    dispute = walk("needs_response", "under_review", "lost")
    first = dispute.evidence_details
    account.turn_dispute(dispute.id, at=clock.pass_(days=30), status="appeal_needs_response")
    appealed = client.disputes.retrieve(dispute.id).evidence_details
    assert (first.submission_count, appealed.submission_count) == (1, 1)
    assert first.due_by is not None
    assert appealed.due_by == first.due_by + 30 * 86_400
