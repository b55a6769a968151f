"""Amounts that are no amounts are refused before anything is asked of anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade_cli.domain.shop.money import DUCATS_FORM
from tests.harness.counter import Counter, write_credits

NO_AMOUNTS = [
    "0",
    "0.000000",
    "-5",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "1e400",
    "1e3",
    "1,000",
    "1_000",
    "1.000,50",
    "+5",
    " 5",
    "5 ",
    "5\n",
    "",
    ".5",
    "5.",
    "1.2.3",
    "0x10",
    "525 ducats",
    "１２",
    "٣",
    "½",
    "9" * 16,
    "9" * 10_000,
]


@pytest.mark.parametrize("text", NO_AMOUNTS, ids=lambda text: repr(text)[:20])
def test_no_amount_is_refused_with_the_accepted_form_and_without_a_request(
    counter: Counter, text: str
) -> None:
    answer = counter.type("credit", "--reason", "gift", "--yes", "--", "marco", text)
    assert answer.code == 2
    assert DUCATS_FORM in answer.err
    assert not counter.requests


@pytest.mark.parametrize("text", ["9" * 16, "9" * 10_000, "0." + "0" * 30 + "1"], ids=len)
def test_a_number_with_more_digits_than_an_amount_has_is_told_how_many(
    counter: Counter, text: str
) -> None:
    answer = counter.type("credit", "marco", text, "--reason", "gift", "--yes")
    assert (answer.code, len(counter.requests)) == (2, 0)
    assert "with at most 15 digits before the point and 30 after it" in answer.err
    assert len(answer.err) < 300


# Each option that takes an amount, with words that it needs beside it.
AMOUNTS = {
    "DUCATS": ("credit", "marco", "5m", "--reason", "gift"),
    "--by": ("citizen", "replenish", "--by", "5m"),
    "--to": ("citizen", "replenish", "--to", "5m"),
    "--take-back": ("resolve", "pi_1", "--take-back", "5m", "--reason", "gift"),
    "--credit": ("resolve", "pi_1", "--credit", "5m", "--reason", "gift"),
    "--ducats": ("refund", "pi_1", "--ducats", "5m"),
}


@pytest.mark.parametrize("option", AMOUNTS)
def test_the_refusal_names_the_option(counter: Counter, option: str) -> None:
    answer = counter.type(*AMOUNTS[option])
    assert (answer.code, len(counter.requests)) == (2, 0)
    assert answer.err.startswith(f"error: {option}: '5m' is not {DUCATS_FORM}.\n")
    assert "Nothing was written." in answer.err


def test_an_amount_that_no_float_holds_is_refused_without_a_request(counter: Counter) -> None:
    answer = counter.credit("marco", "123456789012345.123456")
    assert (answer.code, len(counter.requests)) == (2, 0)
    assert "cannot be transferred exactly" in answer.err


def test_the_refusal_names_the_nearest_amount_that_can_be_credited(counter: Counter) -> None:
    answer = counter.credit("marco", "1.1234567890123456789")
    assert (answer.code, len(counter.requests)) == (2, 0)
    assert "the nearest amount that can is 1.1234567890123457" in " ".join(answer.err.split())
    assert counter.credit("marco", "1.1234567890123457").code == 0


@pytest.mark.parametrize("text", ["10000.000001", "10001", "999999999999999"])
def test_more_than_the_limit_for_one_credit_is_refused_without_a_request(
    counter: Counter, text: str
) -> None:
    answer = counter.credit("marco", text)
    assert (answer.code, len(counter.requests)) == (7, 0)
    assert "more than the limit of 10000 ducats per credit" in answer.err
    assert "CASCADE_MAX_DUCATS_PER_CREDIT" in answer.err


def test_the_limit_itself_may_be_credited(counter: Counter) -> None:
    assert counter.credit("marco", "10000").code == 0


def test_a_file_with_one_row_beyond_the_limit_is_refused_without_a_request(
    counter: Counter, tmp_path: Path
) -> None:
    rows = [("marco", "5", "gift", "one"), ("marco", "10001", "gift", "two")]
    file = write_credits(tmp_path / "credits.csv", rows)
    answer = counter.type("credit", "--file", str(file), "--yes")
    assert (answer.code, len(counter.requests)) == (7, 0)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("525", 525.0),
        ("0525", 525.0),
        ("10.50", 10.5),
        ("0.000001", 0.000001),
        ("0.1234567", 0.1234567),
    ],
)
def test_an_amount_reaches_notes_as_the_number_that_the_engine_reads(
    counter: Counter, text: str, amount: float
) -> None:
    assert counter.credit("marco", text, "--reference", "r").code == 0
    assert f'"amount": {amount!r}' in counter.row("cascade_manual_r")["Notes"]
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == amount


@pytest.mark.parametrize("missing", [[], ["marco"], ["marco", "5"]])
def test_a_credit_without_citizen_amount_or_reason_is_wrong_usage(
    counter: Counter, missing: list[str]
) -> None:
    answer = counter.type("credit", *missing, "--yes")
    assert (answer.code, len(counter.requests)) == (2, 0)
