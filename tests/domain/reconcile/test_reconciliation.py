"""Who owns each transfer, what is counted, and that the ducats of both sides add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind, Severity
from cascade_cli.domain.matching.matching import Rule
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.selling.allocation import Allocation, Share, portions_of
from cascade_cli.domain.shop.keys import Origin, refund_key
from tests.domain.samples import (
    NOW,
    PAID,
    TERMS,
    WEEK,
    a_charge,
    a_snapshot,
    a_stratagem,
    judge,
    keyed,
    older,
    the_item,
)

HOUR = timedelta(hours=1)
LIVE: dict[str, Any] = {"status": "active", "expires_at": NOW + HOUR}
BEFORE = a_charge("before", created_at=WEEK.since - HOUR)


def ducats(*numbers: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, numbers))


def by_hand(name: str = "1", **changed: Any) -> Stratagem:
    fields = {"stratagem_id": f"cascade_manual_{name}", "origin": Origin.MANUAL, "reason": "Prize"}
    return a_stratagem(f"Hand{name}", **{**fields, **changed})


def taking(name: str = "1", payment: str = "pi_1", **changed: Any) -> Stratagem:
    """Ducats that marco gave back for a refund."""
    fields = {
        "stratagem_id": refund_key(f"re_{name}"),
        "origin": Origin.REFUND,
        "citizen": "CASCADE_PAYMENT_PROCESSOR",
        "payer": "marco",
        "stripe_ids": (payment,),
        **changed,
    }
    return a_stratagem(f"Back{name}", **fields)


def test_what_is_settled_is_counted_whether_it_took_thought_or_not() -> None:
    plain, portioned = a_charge("1"), a_charge("2", package="small")
    result = judge([plain, portioned], [keyed(plain), keyed(portioned)])
    assert result.counts == {Kind.SETTLED: 2}
    assert [item.kind for item in result.items] == [Kind.SETTLED] * 2


def test_kinds_that_nothing_is_of_are_not_counted() -> None:
    assert judge([], []).counts == {}
    assert judge([a_charge()], []).counts == {Kind.MISSING: 1}


def test_what_time_will_settle_is_no_discrepancy() -> None:
    missing, under_way = a_charge("1"), a_charge("2", citizen="lucia")
    row = keyed(under_way, citizen="lucia", **LIVE)
    result = judge([missing, under_way], [row])
    assert [item.charge for item in result.discrepancies] == [missing]
    assert [item.charge for item in result.in_flight] == [under_way]
    assert result.counts == {Kind.MISSING: 1, Kind.IN_FLIGHT: 1}


def test_a_charge_before_the_window_keeps_its_legacy_row_which_is_no_orphan() -> None:
    row = older(created_at=WEEK.since + HOUR)
    result = judge([BEFORE], [row])
    assert (list(result.items), result.elsewhere) == ([], 1)
    assert result.equation.elsewhere == 100


def test_a_row_that_names_a_charge_before_the_window_is_that_charges() -> None:
    result = judge([BEFORE], [keyed(BEFORE, created_at=WEEK.since + HOUR)])
    assert (result.counts, result.elsewhere) == ({}, 1)


def test_a_transfer_has_one_owner() -> None:
    """The payments', before whatever else it might belong to."""
    charge = a_charge()
    row = keyed(charge, reason="Prize")
    result = judge([charge], [row], payments={"pi_1": (charge,)})
    assert (result.manual, result.elsewhere) == (0, 0)
    assert result.counts == {Kind.SETTLED: 1}


def test_a_credit_by_hand_that_names_a_payment_is_that_payments() -> None:
    row = by_hand(stripe_ids=("pi_before",))
    result = judge([], [row], payments={"pi_before": (BEFORE,)})
    assert (result.manual, result.elsewhere) == (0, 1)


def test_a_row_made_outside_the_window_has_an_owner_only_where_somebody_asked() -> None:
    row = by_hand(created_at=WEEK.since - HOUR)
    assert judge([], [row]).manual == 0
    asked = replace(a_snapshot([], [row]), beyond=frozenset({row.record_id}))
    result = reconcile(asked, TERMS)
    assert (result.manual, result.equation.manual) == (1, Decimal(100))


def test_credits_by_hand_that_may_come_to_nothing_are_listed_oldest_first() -> None:
    late = by_hand("late", created_at=PAID + 2 * HOUR, **LIVE)
    early = by_hand("early", created_at=PAID, **LIVE)
    twin = by_hand("a_twin", created_at=PAID, **LIVE)
    failed = by_hand("failed", created_at=PAID + HOUR, status="failed")
    done = [by_hand("done"), by_hand("cancelled", status="cancelled")]
    result = judge([], [late, failed, early, *done, twin])
    assert result.under_way == (twin, early, failed, late)
    assert result.manual == 6


def test_what_came_back_for_a_refund_is_neither_an_orphan_nor_a_credit() -> None:
    charge = a_charge(refunded_cents=1000)
    result = judge([charge], [keyed(charge), taking()])
    assert Kind.ORPHAN not in result.counts
    assert (result.manual, result.elsewhere) == (0, 0)
    assert (result.equation.returned, result.equation.returned_here) == ducats(100, 100)


def test_what_came_back_for_a_payment_elsewhere_is_counted_there() -> None:
    result = judge([], [taking(payment="pi_elsewhere")])
    assert result.counts == {}
    equation = result.equation
    assert (equation.returned, equation.returned_elsewhere, equation.residual) == ducats(
        100, 100, 0
    )


def test_ducats_that_are_on_their_way_back_are_in_flight() -> None:
    charge = a_charge(refunded_cents=1000)
    result = judge([charge], [keyed(charge), taking(**LIVE)])
    (item,) = result.items
    assert (item.kind, len(item.returns)) == (Kind.IN_FLIGHT, 1)
    assert result.equation.returned == 0
    done = the_item(charge, keyed(charge), taking())
    assert done.kind is not Kind.IN_FLIGHT


def _everything() -> tuple[list[Charge], list[Stratagem]]:
    settled, missing = a_charge("1"), a_charge("2", citizen="lucia", ducats=Decimal(40))
    surplus = a_charge("3", citizen="zuan", ducats=Decimal(7))
    rows = [
        keyed(settled),
        keyed(surplus, citizen="zuan", ducats=Decimal(7)),
        keyed(surplus, citizen="zuan", ducats=Decimal(7), record_id="recTwice"),
        by_hand(ducats=Decimal(3)),
        by_hand("live", ducats=Decimal(5), **LIVE),
        a_stratagem("orphan", ducats=Decimal(11)),
        a_stratagem("dead", ducats=Decimal(13), status="expired"),
        keyed(BEFORE, created_at=WEEK.since + HOUR, ducats=Decimal(17)),
    ]
    return [settled, missing, surplus, BEFORE], rows


def test_every_ducat_of_both_sides_is_accounted_for() -> None:
    equation = judge(*_everything()).equation
    assert equation.residual == 0
    assert (equation.sold, equation.settled, equation.undelivered) == ducats(147, 107, 40)
    assert (equation.over_delivered, equation.manual, equation.orphaned) == ducats(7, 3, 11)
    assert (equation.elsewhere, equation.executed) == ducats(17, 145)


def test_the_order_in_which_both_sides_were_read_does_not_matter() -> None:
    charges, rows = _everything()
    forwards, backwards = judge(charges, rows), judge(charges[::-1], rows[::-1])
    assert _picture(forwards) == _picture(backwards)


def _picture(result: Reconciliation) -> object:
    items = [(item.kind, item.name, item.evidence) for item in result.items]
    return items, result.counts, result.equation, result.under_way


@pytest.mark.parametrize(
    ("changed", "severity", "at_risk"),
    [
        ({}, Severity.CRITICAL, 100),
        (LIVE, Severity.CRITICAL, 100),
        ({"status": "error"}, Severity.CRITICAL, 100),
        ({"ducats": None}, Severity.CRITICAL, 0),
        ({"status": "expired"}, Severity.MEDIUM, 0),
        ({"status": "failed"}, Severity.CRITICAL, 100),
    ],
)
def test_an_orphan_is_as_grave_as_the_ducats_that_it_may_have_moved(
    changed: dict[str, Any], severity: Severity, at_risk: int
) -> None:
    (item,) = judge([], [a_stratagem(**changed)]).items
    assert (item.severity, item.at_risk) == (severity, Decimal(at_risk))


def test_an_orphan_says_when_for_whom_and_how_many() -> None:
    row = a_stratagem(created_at=PAID + HOUR, citizen="lucia", ducats=Decimal(7))
    (item,) = judge([], [row]).items
    assert (item.occurred_at, item.citizen, item.ducats) == (PAID + HOUR, "lucia", Decimal(7))
    assert (item.main_row, item.matched_by, item.returns) == (row, None, ())


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (a_stratagem(), "it names neither a payment nor a recorded reason"),
        (older(), "no payment of this citizen and amount in the 72 hours before it"),
        (keyed(a_charge("x")), "Stripe has no paid ducat purchase pi_x"),
    ],
)
def test_an_orphan_says_what_it_lacks(row: Stratagem, verdict: str) -> None:
    (item,) = judge([], [row]).items
    assert item.verdict == verdict == item.evidence[-1]
    assert item.evidence[0].endswith("for 'marco'")


def test_a_charge_of_several_kinds_takes_the_gravest_and_names_the_others() -> None:
    item = the_item(a_charge(captured_cents=400), keyed(a_charge(), citizen="polo"))
    assert (item.kind, item.severity) == (Kind.WRONG_CITIZEN, Kind.WRONG_CITIZEN.severity)
    also = [sentence for sentence in item.evidence if sentence.startswith("also ")]
    assert [sentence.split(":")[0] for sentence in also] == ["also underpaid"]
    assert item.evidence[-2:] == (item.verdict, *also)
    assert len(set(item.evidence)) == len(item.evidence)
    assert also[0].removeprefix("also underpaid: ") not in item.evidence
    # What polo got, and what is still owed to marco.
    assert item.at_risk == 200


@pytest.mark.parametrize(("row", "rule"), [(keyed(a_charge()), Rule.KEY), (older(), Rule.NEAREST)])
def test_an_item_says_by_which_rule_its_transfer_was_found(row: Stratagem, rule: Rule) -> None:
    item = the_item(a_charge(), row)
    assert (item.main_row, item.matched_by, item.stratagems) == (row, rule, (row,))
    assert (item.verdict, item.at_risk) == ("", Decimal(0))


def test_a_charge_that_nobody_delivered_tells_of_no_transfer() -> None:
    item = the_item(a_charge())
    assert (item.main_row, item.matched_by, item.stratagems) == (None, None, ())
    assert (item.occurred_at, item.citizen, item.ducats) == (PAID, "marco", Decimal(100))


def test_each_citizen_of_a_payment_for_many_is_judged_alone() -> None:
    shares = (Share("marco", Decimal(60)), Share("lucia", Decimal(40)))
    one, other = portions_of(a_charge(), Allocation(shares))
    result = judge([one, other], [keyed(one, ducats=Decimal(60))])
    assert result.counts == {Kind.SETTLED: 1, Kind.MISSING: 1}
    assert result.equation.undelivered == 40


def test_fractions_of_a_ducat_are_lost_nowhere() -> None:
    sold = Decimal("492485.810313592912345678901234567")
    charges = [a_charge(str(n), ducats=sold, captured_cents=10**9) for n in range(3)]
    result = judge(charges, [keyed(charge, ducats=sold) for charge in charges])
    assert result.equation.residual == 0
    assert result.equation.sold == Decimal("1477457.430940778737037036703703701")
