from __future__ import annotations

import pytest

from cascade_cli.domain.shop.density import DensityEstimate


def test_of_what_was_read_it_tells_what_was_found() -> None:
    tally = DensityEstimate()
    tally.note(0, 100, 50)
    tally.note(100, 200, 150)
    assert tally.rows(0, 200) == pytest.approx(200)
    assert tally.rows(50, 150) == pytest.approx(25 + 75)


def test_of_other_times_it_expects_the_average() -> None:
    tally = DensityEstimate()
    tally.note(0, 100, 50)
    tally.note(100, 200, 150)
    assert tally.rows(1000, 1100) == pytest.approx(100)


def test_it_tells_by_which_second_so_many_are_to_be_expected() -> None:
    tally = DensityEstimate()
    tally.note(0, 100, 50)
    tally.note(100, 200, 150)
    assert tally.second_after(0, 200, 50) == 100
    assert tally.second_after(0, 200, 125) == 150
    assert tally.second_after(0, 200, 1000) == 200


def test_a_hundred_charges_of_one_second_are_no_division_by_zero() -> None:
    tally = DensityEstimate()
    tally.note(5, 5, 100)
    assert tally.rows(5, 6) == pytest.approx(100)


def test_nothing_known_is_nothing_expected() -> None:
    assert DensityEstimate().rows(0, 1000) == 0


def test_who_waits_goes_on_when_nothing_more_will_be_told() -> None:
    tally = DensityEstimate()
    tally.close()
    tally.wait(60)
