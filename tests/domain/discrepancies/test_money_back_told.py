"""What is said of a delivered payment whose money went back, was lost, or came again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import Decided
from cascade_cli.domain.reconcile.reconciliation import Reconciliation as Result
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge, Dispute
from cascade_cli.domain.records.stratagems import Stratagem
from tests.domain.refunds.test_refund_plan import (
    DELIVERED,
    DOUBTFUL,
    LIVE,
    failed,
    sent_back,
    taken,
)
from tests.domain.samples import NOW, PAID, TERMS, a_charge, a_snapshot, keyed

LOST = Dispute("du_1", "ch_1", "lost", "fraudulent", 1000, 1000, PAID)


def judged(
    charge: Charge, *rows: Stratagem, debts: Mapping[str, int], lost: bool = False
) -> Result:
    """With what is on record as debts, by payment; another bears the citizen's name by now."""
    decided = Decided(debts={payment: Decimal(ducats) for payment, ducats in debts.items()})
    disputes = {"ch_1": (LOST,)} if lost else {}
    answers = {"citizens": {"marco": True}, "disputes": disputes, "arrived": {"marco": NOW}}
    return reconcile(a_snapshot([charge], rows, **answers), replace(TERMS, decided=decided))


def told(charge: Charge, *rows: Stratagem, debt: int = 0, lost: bool = False) -> Item:
    """The item of the payment, with what is on record as its debt."""
    (item,) = judged(charge, *rows, debts={"pi_1": debt} if debt else {}, lost=lost).items
    return item


def verdict(charge: Charge, *rows: Stratagem, debt: int = 0, lost: bool = False) -> str:
    """What is said of it but for whose name it may be."""
    said, _, whose = told(charge, *rows, debt=debt, lost=lost).verdict.partition("; the citizen ")
    assert "another person of the same name" in whose
    return said


def test_of_a_refund_money_and_ducats_are_told() -> None:
    said = verdict(sent_back(250), DELIVERED)
    assert said == "2.50 USD of 10.00 USD went back to the payer: 25 ducats are to come back"


def test_of_a_lost_dispute_it_is_told_which_and_that_the_money_is_lost() -> None:
    said = verdict(a_charge(disputed=True), DELIVERED, lost=True)
    assert said == (
        "10.00 USD of 10.00 USD were lost (du_1 lost, fraudulent): 100 ducats are to come back"
    )


def test_a_debt_is_told_where_one_is_recorded_and_is_never_more_than_is_to_come_back() -> None:
    assert verdict(sent_back(250), DELIVERED, debt=20).endswith(
        "25 ducats are to come back; a debt of 20 ducats is recorded"
    )
    assert verdict(sent_back(250), DELIVERED, debt=99).endswith("a debt of 25 ducats is recorded")


def test_ducats_taken_for_money_that_came_again_are_the_citizen_s() -> None:
    item = told(failed(sent_back(250)), DELIVERED, taken(ducats="25"))
    assert (item.kind, item.at_risk) == (Kind.REFUNDED, Decimal(25))
    assert item.verdict.startswith("25 ducats were taken back for money that did not go back")
    assert item.verdict.partition("; ")[2].startswith("the citizen 'marco' came to Venice")


def test_a_rest_whose_money_came_again_says_that_the_others_were_kept_back() -> None:
    rest = keyed(a_charge(), ducats=Decimal(75))
    said = told(failed(sent_back(250)), rest).verdict
    assert said.startswith("25 ducats were kept back for money that did not go back")


def test_ducats_on_their_way_back_for_money_that_came_again_are_told_of() -> None:
    item = told(failed(sent_back(250)), DELIVERED, taken(ducats="25", **LIVE))
    assert (item.kind, item.at_risk) == (Kind.REFUNDED, Decimal(25))
    assert item.verdict.startswith("25 ducats are on their way back for money that did not go back")


def test_ducats_that_may_have_come_back_are_compared_before_anything_else() -> None:
    item = told(sent_back(250), DELIVERED, taken(ducats="25", **DOUBTFUL))
    assert (item.kind, item.at_risk) == (Kind.DOUBTFUL, Decimal(25))
    assert item.verdict == (
        "25 ducats may or may not have come back by cascade_refund_re_1: compare the balances"
    )


def test_a_recorded_debt_stands_as_long_as_its_ducats_are_to_come_back() -> None:
    due = judged(sent_back(250), DELIVERED, debts={"pi_1": 20, "pi_elsewhere": 5})
    assert due.debts == {"pi_1": Decimal(20), "pi_elsewhere": Decimal(5)}
    assert due.settled_debts == set()


@pytest.mark.parametrize(
    ("charge", "rows"),
    [
        (sent_back(250), (DELIVERED, taken(ducats="25"))),
        (failed(sent_back(250)), (DELIVERED,)),
        # Settled at a glance.
        (a_charge(), (DELIVERED,)),
    ],
)
def test_a_debt_whose_ducats_came_back_or_need_not_is_over(
    charge: Charge, rows: tuple[Stratagem, ...]
) -> None:
    over = judged(charge, *rows, debts={"pi_1": 20, "pi_elsewhere": 5})
    assert over.debts == {"pi_elsewhere": Decimal(5)}
    assert over.settled_debts == {"pi_1"}
