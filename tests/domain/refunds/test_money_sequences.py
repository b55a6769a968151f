"""Whatever becomes of a payment's refunds and disputes, in whatever order: once all is executed,
the citizen has the ducats whose money stayed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.findings import findings
from cascade_cli.domain.discrepancies.refund_plan import (
    RefundTerms,
    obstacle_to,
    picture_of,
    plan_refunds,
)
from cascade_cli.domain.discrepancies.repair_command import repair_for
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.records.charges import Charge, Dispute, Refund
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.refunds.money_back import refunded_cents
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS, Policy, returned
from cascade_cli.domain.shop.keys import Origin, origin_of
from tests.domain.samples import (
    FIRST_ROUND,
    NOW,
    PAID,
    a_charge,
    a_stratagem,
    keyed,
    the_matched_charge,
)

PROCESSOR = "CASCADE_PAYMENT_PROCESSOR"
CAPTURED = 1000
# Each status with what a dispute of that many cents has taken: all, a half, or nothing.
STAGES = [
    *((status, part) for status in FIRST_ROUND for part in (0, 2)),
    ("won", 0),
    ("won", 2),
    ("warning_closed", 0),
    *((status, part) for status in ("lost", "prevented") for part in (0, 1, 2)),
    *((status, part) for status in ("appeal_under_review", "unheard_of") for part in (0, 1, 2)),
]


@dataclass
class Shop:
    """One payment of 100 ducats with its refunds, its disputes and its rows in Venice."""

    refunds: dict[str, Refund] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    rows: list[Stratagem] = field(default_factory=list)

    @property
    def charge(self) -> Charge:
        refunds = tuple(self.refunds.values())
        stated = sum(refund.amount_cents for refund in refunds if refund.money_is_gone)
        return a_charge(
            refunds=refunds,
            refunded_cents=refunded_cents(refunds, min(stated, CAPTURED)),
            disputed=bool(self.disputes),
        )

    @property
    def matched(self) -> MatchedCharge:
        charge = self.charge
        return the_matched_charge(
            charge, *self.rows, disputes={charge.id: tuple(self.disputes.values())}
        )

    def refund(self, number: int, *, has_left: bool) -> None:
        at = PAID + timedelta(hours=number)
        name = f"re_{number}"
        self.refunds[name] = Refund(name, "pending", CENTS[number], at, has_left=has_left)

    def dispute(self, number: int, stage: tuple[str, int]) -> None:
        at = PAID + timedelta(hours=number, minutes=30)
        status, part = stage
        name, cents = f"du_{number}", CENTS[number]
        taken = cents * part // 2
        self.disputes[name] = Dispute(name, "ch_1", status, "fraudulent", cents, taken, at)

    def settle(self) -> None:
        """What `cascade refund` does, as often as it has something to do, and the engine."""
        for _ in range(6):
            picture = picture_of(self.matched, {})
            assert obstacle_to(picture) == ""
            plan = plan_refunds(picture, RefundTerms(Policy.ALL, PROCESSOR, Decimal(100), {}))
            if not plan.endings and not plan.orders:
                return
            for order in plan.orders:
                self.execute(order)
        raise AssertionError("it never comes to an end")

    def execute(self, order: Order) -> None:
        assert order.key not in {row.stratagem_id for row in self.rows}, "one key, one transfer"
        origin = origin_of(order.key, (), "")
        row = a_stratagem(
            str(len(self.rows)),
            stratagem_id=order.key,
            citizen=order.citizen,
            payer=order.payer,
            ducats=order.ducats,
            origin=origin if origin in {Origin.REFUND, Origin.GIVE_BACK} else Origin.PAYMENT,
            stripe_ids=("pi_1", "ch_1"),
            reason=order.reason,
        )
        self.rows.append(row)

    @property
    def has(self) -> Decimal:
        """The citizen's ducats of this payment."""
        got = sum((r.ducats or Decimal(0) for r in self.rows if not r.returns), Decimal(0))
        return got - returned([row for row in self.rows if row.returns], NOW)

    @property
    def should_have(self) -> tuple[Decimal, Decimal]:
        """At least and at most: between them lies what nobody has decided."""
        gone = sum(refund.amount_cents for refund in self.refunds.values() if refund.has_left)
        held = 0
        for dispute in self.disputes.values():
            taken = dispute.taken_cents or 0
            undecided = dispute.status in FIRST_ROUND or dispute.status == "won"
            gone, held = (gone, held + taken) if undecided else (gone + taken, held)
        least, most = max(0, CAPTURED - gone - held), max(0, CAPTURED - gone)
        return Decimal(least) / 10, Decimal(most) / 10


CENTS = {1: 333, 2: 1000}
NUMBERS = st.sampled_from(list(CENTS))


def _refunding(number: int, has_left: bool) -> Callable[[Shop], None]:
    return lambda shop: shop.refund(number, has_left=has_left)


def _disputing(number: int, stage: tuple[str, int]) -> Callable[[Shop], None]:
    return lambda shop: shop.dispute(number, stage)


MOVES = st.one_of(
    st.builds(_refunding, NUMBERS, st.booleans()),
    st.builds(_disputing, NUMBERS, st.sampled_from(STAGES)),
    st.just(Shop.settle),
)


@given(st.lists(MOVES, max_size=12), st.booleans())
def test_the_citizen_has_the_ducats_whose_money_stayed(
    moves: list[Callable[[Shop], None]], is_delivered: bool
) -> None:
    shop = Shop()
    if is_delivered:
        shop.rows.append(keyed(shop.charge))
    for move in moves:
        move(shop)
    shop.settle()
    matched = shop.matched
    if not matched.moving and (matched.is_contested or not matched.charge.disputed):
        # What nobody has decided, or nothing has gone wrong with, is delivered by others.
        return
    least, most = shop.should_have
    slack = ROUNDING_DUCATS
    assert least - slack <= shop.has <= most + slack
    found = findings(matched)
    repair = repair_for(matched, found)
    assert not (repair and repair.command.startswith("cascade refund"))
    assert found or not matched.is_contested or shop.has == 0


def test_a_dispute_that_is_lost_and_won_twice_takes_and_gives_twice() -> None:
    shop = Shop()
    shop.rows.append(keyed(shop.charge))
    for stage, ducats in ((("lost", 2), 0), (("won", 0), 100)) * 2:
        shop.dispute(2, stage)
        shop.settle()
        assert shop.has == ducats
