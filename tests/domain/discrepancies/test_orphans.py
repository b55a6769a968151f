"""Transfers that no charge in sight accounts for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind, Severity
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.selling.allocation import Allocation, Share, portions_of
from cascade_cli.domain.shop.keys import Origin
from tests.domain.samples import NOW, WEEK, a_charge, a_stratagem, judge, keyed, older

ELSEWHERE = keyed(a_charge("elsewhere"))
MANUAL = a_stratagem(stratagem_id="cascade_manual_1", origin=Origin.MANUAL, reason="Prize")


@pytest.mark.parametrize("stratagem", [ELSEWHERE, older(), a_stratagem()])
def test_a_transfer_with_neither_payment_nor_reason_is_an_orphan(stratagem: Stratagem) -> None:
    (item,) = judge([], [stratagem]).items
    assert (item.kind, item.charge, item.stratagems) == (Kind.ORPHAN, None, (stratagem,))


def test_a_transfer_whose_payment_was_looked_up_belongs_elsewhere() -> None:
    result = judge([], [ELSEWHERE], payments={"pi_elsewhere": (a_charge("elsewhere"),)})
    assert not result.items
    assert result.elsewhere == 1
    assert result.equation.elsewhere == 100


def test_a_transfer_whose_payment_stripe_does_not_know_is_an_orphan() -> None:
    (item,) = judge([], [ELSEWHERE], payments={"pi_elsewhere": ()}).items
    assert item.verdict == "Stripe has no paid ducat purchase pi_elsewhere"


def test_a_transfer_that_names_a_payment_for_many_is_for_them_alone() -> None:
    shares = (Share("marco", Decimal(60)), Share("lucia", Decimal(40)))
    many = {"pi_elsewhere": portions_of(a_charge("elsewhere"), Allocation(shares))}
    assert judge([], [ELSEWHERE], payments=many).elsewhere == 1
    (item,) = judge([], [replace(ELSEWHERE, citizen="zuan")], payments=many).items
    assert item.verdict == "pi_elsewhere is for 2 citizens, and 'zuan' is none of them"


def test_a_credit_by_hand_with_a_reason_is_counted_and_no_orphan() -> None:
    result = judge([], [MANUAL])
    assert not result.items
    assert result.manual == 1
    assert result.equation.manual == 100


def test_a_credit_by_hand_without_a_reason_is_an_orphan() -> None:
    nameless = a_stratagem(stratagem_id="cascade_manual_1", origin=Origin.MANUAL, reason="")
    assert judge([], [nameless]).counts == {Kind.ORPHAN: 1}


def test_a_reason_does_not_excuse_a_transfer_that_names_no_manual_credit() -> None:
    assert judge([], [older(reason="Ducat purchase via CASCADE")]).counts == {Kind.ORPHAN: 1}


@pytest.mark.parametrize("made", [WEEK.since - timedelta(seconds=1), WEEK.until])
def test_a_transfer_made_outside_the_window_is_left_alone(made: object) -> None:
    result = judge([], [a_stratagem(created_at=made)])
    assert not result.items
    assert not result.equation.residual


def test_an_orphan_whose_ducats_cannot_move_any_more_is_less_severe() -> None:
    stalled = a_stratagem(status="active", expires_at=NOW)
    moved = a_stratagem("2")
    severities = {i.stratagems[0]: i.severity for i in judge([], [stalled, moved]).items}
    assert severities == {stalled: Severity.MEDIUM, moved: Severity.CRITICAL}


def test_an_orphans_ducats_stand_in_the_equation_only_if_they_moved() -> None:
    live = a_stratagem(status="active", expires_at=NOW + timedelta(hours=1))
    assert judge([], [live]).equation.orphaned == 0
    assert judge([], [a_stratagem()]).equation.orphaned == 100


def test_an_orphan_is_taken_back_by_a_person_who_names_its_record() -> None:
    command = "cascade resolve rec1 --take-back --reason 'nobody has paid for it'"
    for name in ("x y", "", "-rf"):
        (item,) = judge([], [a_stratagem(stratagem_id=name)]).items
        assert item.repair is not None
        assert (item.repair.command, item.repair.automatic) == (command, False)
