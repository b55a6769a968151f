"""How many ducats come back, for any history of refunds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.delivery.delivery_steps import Action, End, OrderVerdict, Wait, next_step
from cascade_cli.domain.discrepancies.refund_plan import RefundTerms, withholding
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.snapshot import Snapshot, matched_charges_of
from cascade_cli.domain.records.charges import Charge, Refund
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.refunds.money_back import money_back, refunded_cents
from cascade_cli.domain.refunds.refund_shares import (
    Disputing,
    Policy,
    RefundAccount,
    Refunding,
    floored,
    may_move,
    returned,
    returns_of,
    share,
    taken_for,
    to_take,
)
from cascade_cli.domain.shop.keys import Origin, give_back_key, origin_of, refund_id_in, refund_key
from cascade_cli.domain.shop.money import exactly
from tests.domain.samples import NOW, PAID, TERMS, WEEK, a_charge, a_stratagem

SOLD = st.decimals("0.000001", "99999999", places=6)

CENTS = st.integers(1, 10_000_000)
PROCESSOR = "CASCADE_PAYMENT_PROCESSOR"


def a_refund(name: str = "1", cents: int = 1000, status: str = "succeeded") -> Refund:
    return Refund(f"re_{name}", status, cents, PAID + timedelta(hours=int(name)))


def taking(name: str = "1", ducats: str = "100", **changed: object) -> Stratagem:
    fields = {
        "stratagem_id": refund_key(f"re_{name}"),
        "record_id": f"recBack{name}",
        "origin": Origin.REFUND,
        "citizen": PROCESSOR,
        "payer": "marco",
        "ducats": Decimal(ducats),
        "stripe_ids": ("pi_1", "ch_1"),
        **changed,
    }
    return a_stratagem(name, **fields)


def refunded(*refunds: Refund, captured: int = 1000) -> Charge:
    cents = refunded_cents(refunds, captured)
    return a_charge(captured_cents=captured, refunds=refunds, refunded_cents=cents)


def account(
    *refunds: Refund, rows: tuple[Stratagem, ...] = (), moving: str = "100"
) -> RefundAccount:
    charge = refunded(*refunds)
    return RefundAccount(charge, money_back(charge).causes, Decimal(100), Decimal(moving), rows)


@given(SOLD, CENTS, st.lists(st.integers(1, 10_000_000), min_size=1, max_size=9))
def test_the_parts_are_never_above_the_whole_nor_above_their_proportion(
    sold: Decimal, captured: int, sizes: list[int]
) -> None:
    refunds = tuple(a_refund(str(n), cents) for n, cents in enumerate(sizes))
    charge = refunded(*refunds, captured=captured)
    parts = RefundAccount(charge, money_back(charge).causes, sold, sold).parts(NOW)
    with exactly():
        assert sum(part.due for part in parts) <= sold
        for part in parts:
            assert 0 <= part.due * captured <= sold * part.refund.amount_cents


def refunded_charge(*stratagems: Stratagem) -> MatchedCharge:
    charge = a_charge(refunded_cents=1000)
    snapshot = Snapshot(WEEK, (charge,), stratagems)
    return matched_charges_of(snapshot, match(snapshot.charges, stratagems), TERMS)[charge.id]


def test_what_the_journal_alone_knows_is_ended_only_when_its_write_can_no_longer_come() -> None:
    plan_terms = RefundTerms(Policy.AVAILABLE, PROCESSOR, Decimal(0), {})
    order = withholding(refunded_charge(), plan_terms)
    assert order is not None
    assert order.ends
    for action in (Action.CREATE, Action.ACTIVATE):
        lost_write = Attempt(action, NOW - timedelta(seconds=5), Fate.UNKNOWN)
        assert isinstance(next_step(order, [], NOW, lost_write), Wait)
        later = NOW + timedelta(minutes=3)
        ended = next_step(order, [], later, lost_write)
        assert isinstance(ended, End)
        assert ended.verdict is OrderVerdict.ENDED


@pytest.mark.parametrize("status", ["executed", "error"])
def test_what_moved_or_may_have_is_not_withheld(status: str) -> None:
    row = a_stratagem(stratagem_id="cascade_payment_pi_1", status=status, origin=Origin.PAYMENT)
    terms = RefundTerms(Policy.AVAILABLE, PROCESSOR, Decimal(0), {})
    assert withholding(refunded_charge(row), terms) is None


@given(SOLD, CENTS)
def test_a_whole_refund_takes_all(sold: Decimal, captured: int) -> None:
    assert share(sold, captured, captured) == sold


@given(SOLD, CENTS, CENTS)
def test_a_share_is_short_of_its_proportion_by_less_than_the_rounding(
    sold: Decimal, cents: int, captured: int
) -> None:
    with exactly():
        exact = sold * min(cents, captured) / captured
        assert 0 <= exact - share(sold, cents, captured) < Decimal("0.000001")


@given(
    st.lists(st.integers(1, 900), min_size=1, max_size=5),
    st.decimals(0, 200, places=3),
    st.sampled_from(list(Policy)),
    st.one_of(st.none(), st.decimals(0, 200, places=2)),
)
def test_nothing_is_taken_beyond_what_is_due_wanted_or_there(
    sizes: list[int], available: Decimal, policy: Policy, wanted: Decimal | None
) -> None:
    parts = account(*(a_refund(str(n), cents) for n, cents in enumerate(sizes))).parts(NOW)
    taken = to_take(parts, policy, available, wanted)
    assert all(0 <= amount <= part.left for amount, part in zip(taken, parts, strict=True))
    if wanted is not None:
        assert sum(taken) <= wanted
    if policy is not Policy.ALL:
        assert sum(taken) <= available


@pytest.mark.parametrize(
    ("policy", "taken"), [(Policy.ALL, "50"), (Policy.AVAILABLE, "30"), (Policy.NONE, "0")]
)
def test_the_policy_says_what_a_citizen_with_thirty_ducats_pays_of_fifty(
    policy: Policy, taken: str
) -> None:
    parts = account(a_refund(cents=500)).parts(NOW)
    assert to_take(parts, policy, Decimal(30)) == (Decimal(taken),)


def test_the_dust_of_floats_in_a_balance_is_left_there() -> None:
    parts = account(a_refund(cents=500)).parts(NOW)
    dust = Decimal("2.220446049250313E-16")
    assert to_take(parts, Policy.AVAILABLE, dust) == (Decimal(0),)
    assert to_take(parts, Policy.AVAILABLE, Decimal(30) + dust) == (Decimal(30),)


@pytest.mark.parametrize(
    ("status", "due"),
    [("succeeded", 50), ("pending", 50), ("failed", 0), ("canceled", 0), ("requires_action", 0)],
)
def test_a_refund_whose_money_has_not_left_takes_no_ducats(status: str, due: int) -> None:
    (part,) = account(a_refund(cents=500, status=status)).parts(NOW)
    assert part.due == due


def test_what_was_not_delivered_is_withheld_from_the_oldest_refund_first() -> None:
    first, second = account(a_refund("1", 500), a_refund("2", 300), moving="50").parts(NOW)
    assert [first.withheld, first.left] == [50, 0]
    assert [second.withheld, second.left] == [0, 30]


def test_what_was_executed_is_not_taken_again() -> None:
    (part,) = account(a_refund(), rows=(taking(),)).parts(NOW)
    assert [part.taken, part.left, part.surplus] == [100, 0, 0]


def test_what_is_under_way_is_waited_for() -> None:
    live = taking(ducats="40", status="active", expires_at=NOW + timedelta(hours=1))
    parts = account(a_refund(), rows=(live,)).parts(NOW)
    assert [parts[0].under_way, parts[0].left] == [40, 60]
    assert to_take(parts, Policy.ALL, Decimal(1000)) == (Decimal(0),)


def test_a_refund_that_failed_leaves_a_surplus_until_it_was_given_back() -> None:
    failed = a_refund(status="failed")
    (part,) = account(failed, rows=(taking(),)).parts(NOW)
    assert part.surplus == 100
    back = a_stratagem("b", stratagem_id=give_back_key("re_1"), origin=Origin.GIVE_BACK)
    (part,) = account(failed, rows=(taking(), back)).parts(NOW)
    assert [part.surplus, part.left] == [0, 0]
    assert returned([taking(), back], NOW) == 0


def test_a_dead_row_keeps_its_key_and_an_executed_one_is_followed_by_the_next() -> None:
    dead = taking(status="failed", ducats="60")
    assert account(a_refund(), rows=(dead,)).parts(NOW)[0].next_key(NOW) == refund_key("re_1")
    first = taking(ducats="60")
    assert account(a_refund(), rows=(first,)).parts(NOW)[0].next_key(NOW) == refund_key("re_1", 1)


def test_a_spare_row_beside_the_executed_one_does_not_hold_its_key() -> None:
    spare = taking(ducats="60", status="planned", record_id="recSpare")
    (part,) = account(a_refund(), rows=(taking(ducats="60"), spare)).parts(NOW)
    assert part.next_key(NOW) == refund_key("re_1", 1)


@pytest.mark.parametrize("refund", ["re_3Abc", "pyr_1", "du_1", "dp_1"])
def test_a_refund_s_key_is_told_by_its_form(refund: str) -> None:
    for key, origin in (
        (refund_key(refund), Origin.REFUND),
        (refund_key(refund, 2), Origin.REFUND),
        (give_back_key(refund), Origin.GIVE_BACK),
    ):
        assert refund_id_in(key) == refund
        assert origin_of(key, ("pi_1",), "") is origin


@pytest.mark.parametrize("text", ["", "pi_1", "re_", "re_1 2", "re_1_rest1"])
def test_what_is_no_refund_has_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="not a refund's id"):
        refund_key(text)


def test_the_words_of_the_settings_are_those_of_the_manual() -> None:
    assert list(Policy) == ["all", "available", "none"]
    assert (list(Refunding), list(Disputing)) == (["manual", "auto"], ["show", "hold"])


@pytest.mark.parametrize(("cents", "whole"), [(0, 1000), (-1, 1000), (1, 0)])
def test_no_money_takes_no_ducats(cents: int, whole: int) -> None:
    assert share(Decimal(100), cents, whole) == 0


@pytest.mark.parametrize(
    ("ducats", "kept"),
    [("0.123456789", "0.123456789"), ("33.33333333333333333333333", "33.333333")],
)
def test_a_share_has_as_many_decimals_as_the_engine_can_transfer(ducats: str, kept: str) -> None:
    assert floored(Decimal(ducats)) == Decimal(kept)


def test_a_citizen_is_not_asked_for_the_millionth_that_is_not_there() -> None:
    parts = account(a_refund(cents=500)).parts(NOW)
    assert to_take(parts, Policy.AVAILABLE, Decimal("29.9999999")) == (Decimal("29.999999"),)


GIVEN = a_stratagem(
    "b",
    stratagem_id=give_back_key("re_1"),
    origin=Origin.GIVE_BACK,
    ducats=Decimal(30),
    stripe_ids=("pi_1",),
)


def test_what_was_given_again_did_not_come_back() -> None:
    assert returned([taking(), GIVEN, a_stratagem("sold")], NOW) == 70


def test_the_transfers_back_are_their_payment_s_and_no_other_s() -> None:
    first, other = a_charge("1"), a_charge("2")
    elsewhere = taking("9", stripe_ids=("pi_2",))
    of_nobody = taking("8", stripe_ids=("pi_3",))
    sold = a_stratagem("sold", stratagem_id="cascade_payment_pi_1", stripe_ids=("pi_1",))
    later = replace(GIVEN, created_at=NOW)
    found = returns_of([first, other], [later, taking(), elsewhere, of_nobody, sold])
    assert found == {"ch_1": (taking(), later), "ch_2": (elsewhere,)}


LIVE: dict[str, Any] = {"status": "active", "expires_at": NOW + timedelta(hours=1)}


@pytest.mark.parametrize(
    ("row", "moves"),
    [({}, 100), (LIVE, 100), ({"status": "error"}, 100), ({"status": "cancelled"}, 0)],
)
def test_what_moved_may_have_or_may_still_counts_as_moving(row: dict[str, Any], moves: int) -> None:
    assert may_move([taking(**row)], NOW) == moves


@pytest.mark.parametrize(
    ("rows", "causes"),
    [
        ((taking(),), {"re_1"}),
        ((taking(**LIVE),), {"re_1"}),
        ((taking(status="error"),), {"re_1"}),
        ((taking(status="cancelled"),), set()),
        ((taking(), GIVEN), {"re_1"}),
        ((taking(), replace(GIVEN, ducats=Decimal(100))), set()),
        ((replace(GIVEN, **LIVE),), set()),
    ],
)
def test_ducats_are_taken_for_a_refund_while_some_are_there_or_on_their_way(
    rows: tuple[Stratagem, ...], causes: set[str]
) -> None:
    assert taken_for(rows, NOW) == causes


def test_what_came_back_for_one_refund_does_not_count_for_another() -> None:
    parts = account(a_refund("1", 300), a_refund("2", 200), rows=(taking("1", "30"),)).parts(NOW)
    assert [part.taken for part in parts] == [30, 0]
    assert [part.left for part in parts] == [0, 20]
