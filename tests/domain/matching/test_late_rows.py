"""Legacy rows that may be a payment's own although they came late, and twins of one amount."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matching import LEGACY_REACH, Rule, match
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.keys import Origin
from tests.domain.samples import PAID, a_charge, a_stratagem, judge, keyed, older, the_item

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EARLY = PAID - 100 * HOUR


def a_refunded(name: str, **changed: object) -> Charge:
    return a_charge(name, refunded_cents=1000, **changed)


def taken_back(charge: Charge, status: str = "executed") -> Stratagem:
    return a_stratagem(
        "back",
        stratagem_id="cascade_refund_re_1",
        origin=Origin.REFUND,
        payer="marco",
        citizen="CASCADE_PAYMENT_PROCESSOR",
        stripe_ids=(charge.payment_id,),
        status=status,
    )


def owner_of(row: Stratagem, charges: list[Charge], *others: Stratagem) -> str | None:
    found = match(charges, [row, *others]).by_charge
    return next((c for c, ms in found.items() for m in ms if m.stratagem is row), None)


# Twins: two payments of one citizen and amount.


@pytest.mark.parametrize("gap", [-10 * HOUR, -MINUTE, timedelta(0)])
def test_a_row_goes_to_the_payment_still_owed_and_not_to_the_refunded_one(gap: timedelta) -> None:
    owed, refunded = a_charge("owed", created_at=PAID + gap), a_refunded("back")
    assert owner_of(older(), [owed, refunded]) == owed.id


def test_of_twins_of_which_one_was_refunded_nothing_is_left_to_repair() -> None:
    owed, refunded = a_charge("owed", created_at=PAID - HOUR), a_refunded("back")
    result = judge([owed, refunded], [older()])
    assert [item.kind for item in result.items] == [Kind.SETTLED, Kind.SETTLED]
    assert result.equation.residual == 0


def test_a_row_goes_to_an_undisputed_payment_before_a_disputed_one() -> None:
    owed = a_charge("owed", created_at=PAID - HOUR)
    assert owner_of(older(), [owed, a_charge("bad", disputed=True)]) == owed.id


def test_two_rows_still_go_to_both_twins() -> None:
    owed, refunded = a_charge("owed", created_at=PAID - HOUR), a_refunded("back")
    rows = [older("1"), older("2", created_at=PAID + 2 * MINUTE)]
    assert all(match([owed, refunded], rows).by_charge.values())


@pytest.mark.parametrize("status", ["executed", "active"])
def test_a_refunded_payment_whose_ducats_were_taken_back_had_been_delivered(status: str) -> None:
    owed, refunded = a_charge("owed", created_at=PAID - HOUR), a_refunded("back")
    assert owner_of(older(), [owed, refunded], taken_back(refunded, status)) == refunded.id


def test_what_failed_to_be_taken_back_proves_no_delivery() -> None:
    owed, refunded = a_charge("owed", created_at=PAID - HOUR), a_refunded("back")
    assert owner_of(older(), [owed, refunded], taken_back(refunded, "failed")) == owed.id


def test_an_owed_payment_whose_own_row_is_dead_comes_before_a_refunded_one() -> None:
    owed, refunded = a_charge("owed", created_at=PAID - HOUR), a_refunded("back")
    dead = keyed(owed, status="failed", failure=Failure.NO_FUNDS)
    assert owner_of(older(), [owed, refunded], dead) == owed.id


def test_an_owed_payment_that_was_delivered_leaves_the_row_to_the_refunded_one() -> None:
    owed, refunded = a_charge("owed", created_at=PAID - HOUR), a_refunded("back")
    assert owner_of(older(), [owed, refunded], keyed(owed)) == refunded.id


# Late: beyond the reach within which a row is matched.


def test_a_late_row_leaves_a_missing_payment_to_a_person_and_is_named() -> None:
    charge, late = a_charge(created_at=EARLY), older("late")
    item = next(item for item in judge([charge], [late]).items if item.charge)
    assert item.kind is Kind.MISSING
    assert item.repair is not None
    assert not item.repair.automatic
    assert late.stratagem_id in item.verdict
    assert any(line.startswith("ambiguous: perhaps its own") for line in item.evidence)


@pytest.mark.parametrize(
    "dead", [{"status": "failed", "failure": Failure.NO_FUNDS}, {"status": "expired"}]
)
def test_a_late_row_leaves_a_payment_with_a_dead_row_to_a_person(dead: dict[str, object]) -> None:
    charge = a_charge(created_at=EARLY)
    own = keyed(charge, created_at=EARLY, **dead)
    item = next(i for i in judge([charge], [own, older("late")]).items if i.charge)
    assert item.kind in {Kind.FAILED, Kind.STALLED}
    assert item.repair is not None
    assert not item.repair.automatic


@pytest.mark.parametrize(
    "other",
    [
        {"created_at": EARLY - MINUTE},
        {"citizen": "polo"},
        {"ducats": Decimal(99)},
        {"origin": Origin.MANUAL, "reason": "gift"},
    ],
)
def test_an_earlier_row_or_one_of_another_kind_changes_nothing(other: dict[str, object]) -> None:
    charge = a_charge(created_at=EARLY)
    item = next(i for i in judge([charge], [older("late", **other)]).items if i.charge)
    assert item.repair is not None
    assert item.repair.automatic


def test_a_late_row_that_belongs_to_another_payment_changes_nothing() -> None:
    charge, other = a_charge("1", created_at=EARLY), a_charge("2")
    assert match([charge, other], [older()]).late == {}


def test_a_second_row_of_another_payment_may_as_well_be_the_late_one() -> None:
    charge, other = a_charge("1", created_at=EARLY), a_charge("2")
    rows = [older("1"), older("2", created_at=PAID + 2 * MINUTE)]
    found = match([charge, other], rows)
    assert [m.rule for m in found.by_charge["ch_2"]] == [Rule.NEAREST, Rule.SURPLUS]
    assert [row.record_id for row in found.late["ch_1"]] == ["rec2"]


def test_a_late_row_is_no_matter_to_a_payment_that_was_delivered() -> None:
    charge = a_charge(created_at=EARLY)
    assert match([charge], [keyed(charge), older("late")]).late == {}


def test_a_payment_without_late_rows_is_repaired_by_a_machine() -> None:
    item = the_item(a_charge())
    assert item.repair is not None
    assert item.repair.automatic


# Whatever happens.

_moments = st.integers(0, 30).map(lambda step: PAID - step * timedelta(hours=8))
_sales = st.lists(st.tuples(_moments, st.booleans()), max_size=6)
_rows = st.lists(_moments, max_size=6)


def a_history(
    sales: list[tuple[datetime, bool]], made: list[datetime]
) -> tuple[list[Charge], list[Stratagem]]:
    charges = [
        a_charge(str(i), created_at=moment, refunded_cents=1000 if is_back else 0)
        for i, (moment, is_back) in enumerate(sales)
    ]
    return charges, [older(str(i), created_at=moment) for i, moment in enumerate(made)]


@given(_sales, _rows)
def test_no_refunded_payment_holds_a_row_that_an_owed_one_without_any_could_have(
    sales: list[tuple[datetime, bool]], made: list[datetime]
) -> None:
    charges, rows = a_history(sales, made)
    found = match(charges, rows).by_charge
    held = [m.stratagem for c in charges if c.refunded_cents for m in found[c.id]]
    for owed in (c for c in charges if not c.refunded_cents and not found[c.id]):
        assert not any(
            timedelta(0) <= row.created_at - owed.created_at <= LEGACY_REACH for row in held
        )


@given(_sales, _rows)
def test_an_undelivered_payment_names_every_later_row_that_is_not_paired(
    sales: list[tuple[datetime, bool]], made: list[datetime]
) -> None:
    charges, rows = a_history(sales, made)
    found = match(charges, rows)
    paired = {
        m.stratagem.record_id
        for ms in found.by_charge.values()
        for m in ms
        if m.rule is Rule.NEAREST
    }
    for charge in charges:
        if found.by_charge[charge.id]:
            continue
        later = {row.record_id for row in rows if row.created_at >= charge.created_at} - paired
        assert {row.record_id for row in found.late.get(charge.id, ())} == later
