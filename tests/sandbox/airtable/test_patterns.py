from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.sandbox.airtable import Refusal
from cascade_cli.sandbox.airtable.formula.patterns import pattern

SHARED = [
    "a", "abc", "a|b", "^a", "a$", "^$", "a*b", "a+b?", "(ab)+c", "(?:a|b)*c", "[abc]+", "[^a]b",
    "[a-c]{2}", "a{2,}", "a{1,2}b", r"\d+", r"\w\s\w", r"\bab\b", r"\Bb", ".", "a.c", r"a\.c",
    "[]a]", r"[\]a-]", "x{a", "a*?b", "(a|)b", r"[\d-]c", r"\Aab\z", "(?i)aB",
]  # fmt: skip
PYTHON = {r"\Aab\z": r"\Aab\Z", "a$": r"a\Z", "^$": r"^\Z"}


@pytest.mark.parametrize("written", SHARED)
@given(text=st.text(alphabet="abcABxyz019._-{]\n ", max_size=8))
def test_what_both_know_matches_as_in_python(written: str, text: str) -> None:
    expected = re.search(PYTHON.get(written, written), text, re.ASCII) is not None
    assert pattern(written).search(text) is expected


@pytest.mark.parametrize(
    "written",
    ["(", ")", "a)", "[a", "*a", "a**", "a{3,2}", "a{1001}", "(?=a)", "(?<!a)b", r"(a)\1",
     r"\p{L}", r"\x41", "[[:alpha:]]", "[c-a]", "(?P<n>a)", "\\", "(" * 200 + ")" * 200,
     "((a{100}){100}){100}"],
)  # fmt: skip
def test_what_is_malformed_or_not_known_is_refused(written: str) -> None:
    with pytest.raises(Refusal, match="INVALID_FILTER_BY_FORMULA"):
        pattern(written)


@pytest.mark.parametrize("written", ["(a+)+b", "(a|a)*b", "(a*)*(a*)*b", "(a?){30}a{30}b"])
def test_no_pattern_backtracks_for_ever(written: str) -> None:
    began = time.perf_counter()
    assert not pattern(written).search("a" * 5_000)
    assert time.perf_counter() - began < 2
