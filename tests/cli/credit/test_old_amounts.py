"""Amounts as they were sold before cascade: floats with all their decimals. What was sold can be
credited, on every way, to the last digit."""

from __future__ import annotations

import json
import shlex
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.records.stratagems import Failure
from cascade_cli.domain.selling.allocation import Allocation, Share, read_allocation
from cascade_cli.domain.shop.money import (
    enough,
    format_ducats,
    is_exact,
    parse_ducats,
    parse_sale,
    read_ducats,
)
from tests.domain.samples import a_charge, keyed, the_item
from tests.harness.counter import Counter, write_credits

SOLD = ["1234.567890123457", "4924.858103135929", "5.1", "33.333333333333336"]
WEALTHY = {"CASCADE_MAX_DUCATS_PER_CREDIT": "1000000", "CASCADE_MAX_DUCATS_PER_DAY": "1000000"}


def _paid(counter: Counter, ducats: str) -> str:
    return counter.paid(ducats=ducats, cents=int(float(ducats) * 10) + 1)


def _executed(counter: Counter, intent: str) -> float:
    notes = counter.row(f"cascade_payment_{intent}")["Notes"]
    counter.sandboxed.app.engine.run()
    assert counter.type("reconcile", "--json").data["counts"]["settled"] == 1
    return float(json.loads(notes)["amount"])


@pytest.mark.parametrize("ducats", SOLD)
def test_the_command_that_reconcile_prints_delivers_what_was_sold(
    counter: Counter, ducats: str
) -> None:
    intent = _paid(counter, ducats)
    (item,) = counter.type("reconcile", "--json").data["items"]
    answer = counter.type(*shlex.split(item["repair"]["command"])[1:], "--yes")
    assert (answer.code, answer.err) == (0, "")
    assert _executed(counter, intent) == float(ducats)


@pytest.mark.parametrize("ducats", [*SOLD, "492485.8103135929"])
@pytest.mark.parametrize(
    "words", [("reconcile", "--repair"), ("events", "replay", "--since", "7d")]
)
def test_a_machine_delivers_it_too(counter: Counter, ducats: str, words: tuple[str, ...]) -> None:
    intent = _paid(counter, ducats)
    counter.type(*words, "--yes", **WEALTHY)
    assert _executed(counter, intent) == float(ducats)


def test_a_file_of_credits_takes_it(counter: Counter, tmp_path: Path) -> None:
    rows = [("marco", ducats, "gift", f"r{n}") for n, ducats in enumerate(SOLD)]
    file = write_credits(tmp_path / "credits.csv", rows)
    assert counter.type("credit", "--file", str(file), "--yes").code == 0
    notes = [json.loads(counter.row(f"cascade_manual_r{n}")["Notes"]) for n in range(len(SOLD))]
    assert [note["amount"] for note in notes] == [float(ducats) for ducats in SOLD]


def test_the_replenishment_that_is_printed_can_be_typed(counter: Counter) -> None:
    _paid(counter, "33.333333333333336")
    counter.type("reconcile", "--repair", "--yes")
    counter.fund(0.1)
    shown = counter.type("citizen", "show").out.splitlines()
    (line,) = [line for line in shown if line.startswith("  $ cascade")]
    assert counter.type(*shlex.split(line)[2:], "--force").code == 0
    assert counter.ducats_of("CASCADE_PAYMENT_PROCESSOR") >= 33.333333333333336


@given(st.floats(min_value=1e-6, max_value=1e12, exclude_max=True))
def test_every_float_that_metadata_can_hold_is_read_printed_and_typed_without_loss(
    sold: float,
) -> None:
    ducats = read_ducats(str(sold))
    assert ducats is not None
    assert parse_ducats(format_ducats(ducats)) == ducats
    assert float(parse_ducats(format_ducats(ducats))) == sold


@given(st.decimals(min_value="0.000001", max_value=10**9, places=12))
def test_what_is_enough_is_no_less_and_can_be_typed(ducats: Decimal) -> None:
    assert 0 <= enough(ducats) - ducats <= Decimal("0.001")
    assert parse_ducats(format_ducats(enough(ducats))) == enough(ducats)


def test_an_allocation_carries_such_amounts() -> None:
    allocation = Allocation((Share("marco", Decimal(SOLD[0])), Share("lucia", Decimal(SOLD[1]))))
    assert read_allocation(allocation.text) == allocation


def test_new_sales_keep_to_six_decimals() -> None:
    assert parse_sale("10.500000") == Decimal("10.5")
    with pytest.raises(ValueError, match="at most 6 decimals"):
        parse_sale("0.1234567")


@pytest.mark.parametrize(
    ("ducats", "decision", "reason"),
    [
        # The nearest that is less.
        ("1.1234567890123456789", "--credit", "paid but not delivered"),
        ("0.00000000000000000012345678901234567", "--accept", "its ducats are too few to transfer"),
        ("123456789012345678901234567890.5", "--snooze 7d", "the buyer is being asked"),
    ],
)
def test_an_amount_that_no_transfer_carries_has_a_line_of_its_own(
    ducats: str, decision: str, reason: str
) -> None:
    item = the_item(a_charge(ducats=Decimal(ducats), captured_cents=10**32))
    assert item.repair == Repair(f"cascade resolve pi_1 {decision} --reason '{reason}'")


def test_a_replenishment_for_an_amount_between_two_floats_can_be_typed() -> None:
    charge = a_charge(ducats=Decimal("1.1234567890123456789"))
    short = keyed(charge, status="failed", failure=Failure.NO_FUNDS, ducats=charge.ducats)
    repair = the_item(charge, short).repair
    assert repair is not None
    assert is_exact(parse_ducats(repair.command.split()[-1]))
