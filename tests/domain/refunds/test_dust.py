"""What is below the rounding of shares is no discrepancy, and nobody moves it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.refund_plan import plan_refunds
from cascade_cli.domain.shop.money import ZERO
from tests.domain.refunds.test_refund_plan import picture, sent_back, taken, terms
from tests.domain.samples import a_charge, judge, keyed, the_item

BOUGHT = a_charge()
DUST, MORE = Decimal("3E-9"), Decimal("0.001")


@pytest.mark.parametrize("dust", [DUST, -DUST])
def test_a_transfer_over_the_same_ducats_but_for_dust_is_settled(dust: Decimal) -> None:
    item = the_item(BOUGHT, keyed(BOUGHT, ducats=100 + dust))
    assert (item.kind, item.repair) == (Kind.SETTLED, None)


@pytest.mark.parametrize("more", [MORE, -MORE])
def test_a_transfer_over_other_ducats_is_not(more: Decimal) -> None:
    assert the_item(BOUGHT, keyed(BOUGHT, ducats=100 + more)).kind is Kind.AMOUNT_MISMATCH


def test_the_rest_of_a_payment_may_have_dust_as_well() -> None:
    item = the_item(sent_back(300), keyed(BOUGHT, ducats=70 + DUST))
    assert (item.kind, item.repair) == (Kind.SETTLED, None)


def test_a_citizen_who_has_gone_and_lacks_dust_is_not_looked_for() -> None:
    charge = a_charge(citizen="ghost")
    row = keyed(charge, citizen="ghost", ducats=100 - DUST)
    assert judge([charge], [row], citizens={"ghost": False}).discrepancies == ()


def test_nobody_takes_dust_back() -> None:
    charge = sent_back(1000)
    seen = picture(charge, keyed(BOUGHT), taken(ducats="99.999999997"))
    plan = plan_refunds(seen, terms())
    assert (seen.left, plan.orders, plan.is_work) == (ZERO, (), False)
    assert the_item(charge, keyed(BOUGHT), taken(ducats="99.999999997")).kind is Kind.SETTLED
