from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from cascade_cli.cli.status.text import ASCII_BARS, BARS, NO_BAR, sparkline

# From whole numbers: Hypothesis makes decimals of its own ten times as slowly.
AMOUNTS = st.lists(
    st.integers(0, 10**18).map(lambda number: Decimal(number).scaleb(-6)), min_size=1, max_size=20
)
FEW = settings(max_examples=50)


def _heights(line: str) -> list[int]:
    return [(NO_BAR + BARS).index(bar) for bar in line]


@FEW
@given(AMOUNTS)
def test_each_number_has_one_bar(amounts: list[Decimal]) -> None:
    assert len(sparkline(amounts, "utf-8")) == len(amounts)


@FEW
@given(AMOUNTS)
def test_more_is_never_shown_as_less(amounts: list[Decimal]) -> None:
    heights = _heights(sparkline(sorted(amounts), "utf-8"))
    assert heights == sorted(heights)


@FEW
@given(AMOUNTS)
def test_the_most_fills_its_place_and_only_nothing_has_no_bar(amounts: list[Decimal]) -> None:
    line = sparkline(amounts, "utf-8")
    assert [bar == NO_BAR for bar in line] == [not amount for amount in amounts]
    if max(amounts):
        assert line[amounts.index(max(amounts))] == BARS[-1]


@FEW
@given(AMOUNTS)
def test_a_terminal_without_blocks_gets_signs_of_the_same_heights(amounts: list[Decimal]) -> None:
    plain = sparkline(amounts, "ascii")
    assert plain.isascii()
    heights = [(NO_BAR + ASCII_BARS).index(bar) for bar in plain]
    assert heights == _heights(sparkline(amounts, "utf-8"))


def test_half_of_the_most_is_half_as_high() -> None:
    assert sparkline([Decimal(0), Decimal(50), Decimal(100), Decimal(1)], "utf-8") == "_▄█▁"


def test_an_encoding_that_nobody_knows_counts_as_one_without_blocks() -> None:
    assert sparkline([Decimal(1)], "no-such-encoding") == ASCII_BARS[-1]
