"""Names that look alike: recognised, never the same, and told apart in words."""

from __future__ import annotations

from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.records.citizens import (
    look_alike,
    look_alikes,
    unknown_citizen_clause,
    with_difference,
)

COMBINING = normalize("NFD", "Zoë")


@pytest.mark.parametrize(
    ("name", "wanted", "how"),
    [
        ("marco", "Marco", "differs in upper and lower case"),
        ("marco ", "marco", "has a space at its end"),
        (" marco", "marco", "has a space at its beginning"),
        ("marco", "marco\u00a0", "lacks the no-break space at its end"),
        ("mar\u200bco", "marco", "has a zero-width space"),
        ("mar\u2066co", "marco", "has a character U+2066, which shows nothing,"),
        ("marco\ufeff", "marco", "has a byte order mark at its end"),
        ("marco polo", "marco\u00a0polo", "has a space and lacks the no-break space"),
        ("marcop olo", "marco polo", "has its spaces in other places"),
        (COMBINING, "Zoë", "is written with combining accents"),
        ("Zoë", COMBINING, "is written without combining accents"),
        ("\uff2darco", "Marco", "is written with other forms of the same letters"),
        (f"{COMBINING.upper()} ", "Zoë", "has a space at its end and differs in upper and lower "
         "case and is written with combining accents"),
        ("a\u0323\u0302", "a\u0302\u0323", "has other characters that look the same"),
    ],
)  # fmt: skip
def test_two_names_that_look_alike_are_told_apart_in_words(
    name: str, wanted: str, how: str
) -> None:
    assert look_alike(name, wanted)
    assert with_difference(name, wanted) == f"{name!r}, which {how}"


@pytest.mark.parametrize(("one", "other"), [("marco", "marko"), ("Zoë", "Zoe"), ("a", "a")])
def test_another_name_and_the_same_one_are_no_look_alikes(one: str, other: str) -> None:
    assert not look_alike(one, other)


@given(st.text(max_size=8), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_every_way_to_write_a_name_looks_like_it_and_has_a_difference(
    name: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]
) -> None:
    other = f"{normalize(form, name)}\u00a0"
    assert look_alike(name, other)
    assert with_difference(other, name) != f"{other!r}, which "


def test_the_name_that_differs_least_comes_first() -> None:
    others = ["MARCO ", "lucia", "Marco", "marco"]
    assert look_alikes(["marco"], others) == {"marco": ("Marco", "MARCO ")}
    assert look_alikes(["nobody"], others) == {}


def test_everybody_who_looks_like_a_missing_citizen_is_named() -> None:
    assert unknown_citizen_clause("MARCO", ["marco", "Marco", "lucia"]) == (
        "Venice has no citizen 'MARCO'; there are 'Marco', which differs in upper and lower case, "
        "and 'marco', which differs in upper and lower case"
    )
    assert unknown_citizen_clause("MARCO", ["lucia"]) == "Venice has no citizen 'MARCO'"
