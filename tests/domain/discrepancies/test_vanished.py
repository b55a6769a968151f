"""A payment whose transfer once stood in the base and stands there no more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from tests.domain.samples import NOW, PAID, a_charge, judge, keyed, older, the_item

WRITTEN = PastDelivery(Attempt("activate", PAID, Fate.UNKNOWN))
SETTLED = PastDelivery(settled_until=NOW - timedelta(hours=1))
NEVER = PastDelivery(Attempt("create", PAID, Fate.REFUSED))


def vanished(past: PastDelivery, *rows: Stratagem, **changed: Any) -> Item:
    charge = a_charge(**changed)
    return the_item(charge, *rows, past={charge.id: past})


@pytest.mark.parametrize("past", [WRITTEN, SETTLED])
def test_a_person_decides_about_it_and_hears_that_the_ducats_may_have_arrived(
    past: PastDelivery,
) -> None:
    item = vanished(past)
    assert (item.kind, item.at_risk) == (Kind.MISSING, Decimal(100))
    assert "its stratagem has vanished" in item.verdict
    assert "its ducats may have arrived" in item.verdict
    assert item.repair is not None
    assert item.repair.command.startswith("cascade resolve pi_1 --snooze 7d ")
    assert not item.repair.automatic


def test_a_row_that_was_never_made_has_not_vanished() -> None:
    item = vanished(NEVER)
    assert item.verdict == "no stratagem was ever made for it"
    assert item.repair is not None
    assert item.repair.automatic


def test_a_row_that_is_there_has_not_vanished() -> None:
    assert vanished(WRITTEN, keyed(a_charge())).kind is Kind.SETTLED


def test_a_late_row_that_may_be_its_own_is_named_with_it() -> None:
    charge = a_charge(created_at=NOW - timedelta(hours=80))
    late = older(created_at=NOW - timedelta(hours=1))
    items = judge([charge], [late], past={charge.id: WRITTEN}).items
    (missing,) = (item for item in items if item.charge)
    assert f"perhaps {late.stratagem_id} is its transfer" in missing.verdict


def test_after_a_refund_the_ducats_that_may_have_arrived_may_be_to_come_back() -> None:
    item = vanished(WRITTEN, refunded_cents=1000)
    assert (item.kind, item.at_risk) == (Kind.REFUNDED, Decimal(100))
    assert item.repair is not None
    assert item.repair.command.startswith("cascade resolve pi_1 --snooze 7d ")


def test_what_a_run_remembers_as_settled_says_nothing_about_a_refunded_payment() -> None:
    assert vanished(SETTLED, refunded_cents=1000).kind is Kind.SETTLED


LET_GO = PastDelivery(Attempt("activate", PAID, Fate.APPLIED))


def test_whoever_looks_is_told_who_remembers_the_row() -> None:
    written = "its stratagem has vanished from the base: its ducats may have arrived"
    assert vanished(WRITTEN).verdict == written
    assert vanished(SETTLED).verdict == (
        "it has no stratagem, yet an earlier run left nothing open about it: its stratagem has "
        "vanished, and its ducats may have arrived"
    )


def test_beside_a_planned_row_somebody_may_have_set_it_back_by_hand() -> None:
    item = vanished(LET_GO, keyed(a_charge(), status="planned"))
    assert item.kind is Kind.STALLED
    assert item.verdict.startswith("cascade, or an earlier run, saw it delivered or on its way")
    assert "somebody has set it back by hand" in item.verdict
    assert item.verdict.endswith("; the engine will never take its stratagem: it is planned")


@pytest.mark.parametrize("status", ["expired", "failed"])
def test_beside_a_dead_legacy_row_the_one_that_vanished_is_told_of_first(status: str) -> None:
    dead = older(status=status, failure=Failure.RECEIVER_MISSING if status == "failed" else None)
    verdict = vanished(SETTLED, dead).verdict
    assert verdict.startswith("none of its stratagems was executed, yet an earlier run")
    assert "by hand" not in verdict
