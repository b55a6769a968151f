"""What stays in a text for strangers, and what does not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.adapters.bundle.machine import program_words
from cascade_cli.domain.bundle.stand_ins import SECRET, Shape, StandIns, words_of

OURS = ["No citizen is called. The payment of was paid for read-only transfers: answered"]
NOBODY = StandIns(b"k" * 32, frozenset(words_of(OURS)), {})
STAND_IN = re.compile(r"\b([a-z]+)-[bcdfghjkmnpqrstvwxyz]{6}\b")


def shape_of(text: str) -> str:
    """The text with each stand-in cut down to its kind."""
    return STAND_IN.sub(r"<\1>", NOBODY.text(text))


@pytest.mark.parametrize(
    ("told", "stays"),
    [
        ("No citizen is called 'marco'.", "No citizen is called '<name>'."),
        ("No citizen is called Tommaso.Zen.", "No citizen is called <name>."),
        ("No citizen is called D'Alviano, Niccolò", "No citizen is called <name>, <name>"),
        ("The payment of marco's", "The payment of <name>'s"),
        ("pi_3jnMhaDZb2Cm was paid", "<pi> was paid"),
        ("cs_test_a1B2 of cus_N1", "<cs> of <cus>"),
        ("recAbcdefghij1234 of appAbcdefghij1234", "<rec> of <app>"),
        ("cascade_payment_pi_3jnM", "<transfer>"),
        ("paid 1,234.50, 7 and -3", "paid <number>, <number> <name> -<number>"),
        ("answered HTTP 503", "answered HTTP 503"),
        ("answered HTTP 50312", "answered <name> <number>"),
        ("paid 3 days for 15m, 2026-11-20T15:00:00Z", "paid 3 days for 15m, 2026-11-20T15:00:00Z"),
        ("paid 12345 days for 15min", "paid <number> <name> for <name>"),
        ("anna@example.org https://x.example/a?b", "<email> <url>"),
        ("/srv/anna/shop", "/<path>"),
        ("sk_live" + "_abcdefgh1234", SECRET),
        ('{"amount": 100, "to": "marco"}', '{"<name>": <number>, "<name>": "<name>"}'),
        ("Called called", "<name> called"),
    ],
)
def test_only_our_own_words_moments_and_spans_stay(told: str, stays: str) -> None:
    assert shape_of(told) == stays


def test_a_name_that_is_a_word_of_ours_is_replaced_where_it_is_known() -> None:
    careful = StandIns(b"k" * 32, frozenset(words_of(OURS)), {"citizen": ["payment", "Anna Zen"]})
    told = careful.text("The payment of Anna Zen was paid, prepayment")
    assert STAND_IN.sub(r"<\1>", told) == "The <citizen> of <citizen> was paid, <name>"


def test_without_our_words_nothing_stays() -> None:
    assert not re.search(r"called|marco", StandIns(b"", (), {}).text("No citizen is called marco"))


@given(st.text(alphabet="ab1 .,:;'-/@_€é(){}\"", max_size=60))
def test_no_digit_stays_but_in_a_span(text: str) -> None:
    told = re.sub(r"[0-9]{1,4}[smhdw]\b", "", NOBODY.text(text))
    assert not re.search(r"(?<![0-9:])[0-9]+(?![0-9:])", told)


def test_a_document_keeps_shapes_and_replaces_the_rest() -> None:
    at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    document = {
        "count": Shape(7),
        "at": at,
        "known": None,
        "is_open": True,
        "paid": [100, Decimal("4.5"), 0.5, "marco"],
    }
    told = NOBODY.document(document)
    assert {**told, "paid": []} == {
        "count": 7,
        "at": "2026-11-20T15:00:00Z",
        "known": None,
        "is_open": True,
        "paid": [],
    }
    assert [STAND_IN.sub(r"\1", each) for each in told["paid"]] == [*["number"] * 3, "name"]


def test_a_value_has_one_stand_in_and_another_with_another_key() -> None:
    once, again = NOBODY.text("marco"), NOBODY.text("to marco").split()[1]
    assert once == again != StandIns(b"other", frozenset(), {}).text("marco")


def test_our_words_are_those_that_cascade_says_and_no_example() -> None:
    words = program_words()
    assert {"StratagemId", "refused", "Neither", "NoneType"} <= words
    assert not words & {"marco", "lucia", "anna", "ConsiglioDeiDieci", "1000000"}
    assert not [word for word in words if re.search(r"\d", word)]
