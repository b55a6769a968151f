from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.adapters.venice.stratagem_rows import log_to_keep, parse_notes
from cascade_cli.domain.records.stratagems import Failure

ORDER = '{"amount": 525.0, "reason": "Ducat purchase via CASCADE"}'
SUCCESS = "\n[2025-07-03 23:35] Successfully transferred 525.0 ducats to marco."


def test_the_amount_is_read_digit_for_digit() -> None:
    assert parse_notes('{"amount": 492485.8103135929}').ducats == Decimal("492485.8103135929")


def test_what_the_engine_appends_does_not_hide_the_amount() -> None:
    notes = parse_notes(ORDER + SUCCESS)
    assert (notes.ducats, notes.flaw, notes.success_logged) == (Decimal(525), "", True)


def test_an_order_without_appended_text_logs_nothing() -> None:
    notes = parse_notes(ORDER)
    assert (notes.success_logged, notes.failure, notes.failure_text) == (False, None, "")


def test_success_within_the_json_is_no_logged_success() -> None:
    assert not parse_notes('{"amount": 5, "reason": "Successfully transferred"}').success_logged


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("Failed to parse transfer details: Expecting value", Failure.MALFORMED),
        ("Missing required fields or invalid amount.", Failure.MALFORMED),
        ("Sender CASCADE_PAYMENT_PROCESSOR not found.", Failure.SENDER_MISSING),
        ("Receiver marco not found.", Failure.RECEIVER_MISSING),
        ("Insufficient funds: 12.5 < 525.0", Failure.NO_FUNDS),
        ("Processing error: 503 Server Error", Failure.UNCERTAIN),
        ("Processor logic returned failure or an exception occurred", Failure.UNCERTAIN),
        ("something that no version is known to write", Failure.UNCERTAIN),
        ("insufficient funds", Failure.UNCERTAIN),
    ],
)
def test_the_text_after_error_tells_whether_ducats_may_have_moved(
    text: str, failure: Failure
) -> None:
    notes = parse_notes(f"{ORDER}\n[ERROR] {text}")
    assert (notes.failure, notes.failure_text) == (failure, text)


def test_of_several_errors_the_gravest_counts_however_long_ago() -> None:
    notes = parse_notes(
        f"{ORDER}\n[ERROR] Processing error: lost\n[ERROR] Failed to parse transfer details: x"
    )
    assert (notes.failure, notes.failure_text) == (Failure.UNCERTAIN, "Processing error: lost")


def test_of_errors_before_the_balances_the_last_counts() -> None:
    notes = parse_notes(f"{ORDER}\n[ERROR] Sender x not found.\n[ERROR] Insufficient funds: 1 < 2")
    assert (notes.failure, notes.failure_text) == (Failure.NO_FUNDS, "Insufficient funds: 1 < 2")


@pytest.mark.parametrize(
    "text",
    [
        "Processor logic returned failure or an exception occurred.",
        "Exception: 'NoneType' object has no attribute 'get'",
        "Processing error: 503 Server Error",
    ],
)
@pytest.mark.parametrize("mark", ["", "[2026-11-03 19:00] ", "[ERROR] "])
def test_where_a_run_broke_off_it_is_uncertain_with_whatever_mark(mark: str, text: str) -> None:
    notes = parse_notes(f"{ORDER}\n{mark}{text}\n[ERROR] Failed to parse transfer details: x")
    assert (notes.failure, notes.failure_text) == (Failure.UNCERTAIN, text)


def test_two_logged_successes_are_uncertain() -> None:
    assert parse_notes(ORDER + SUCCESS + SUCCESS).failure is Failure.UNCERTAIN


def test_a_dated_line_that_no_engine_writes_is_told() -> None:
    notes = parse_notes(f"{ORDER}\n[2026-11-03 19:00] half done\n[ERROR] Sender x not found.")
    assert (notes.unknown_line, notes.failure) == ("half done", Failure.SENDER_MISSING)


def test_a_remark_without_a_mark_is_no_line_of_the_engines() -> None:
    notes = parse_notes(f"{ORDER}\nMarco asked for it")
    assert (notes.unknown_line, notes.failure, notes.success_logged) == ("", None, False)


def test_only_what_ends_with_its_json_can_be_parsed_by_the_engine() -> None:
    assert parse_notes(f" {ORDER}\n").is_parsable
    assert not parse_notes(f"{ORDER}\nx").is_parsable


def test_what_a_revival_kept_counts_like_the_engines_own_log() -> None:
    kept = json.dumps({"amount": 5, "engine_log": "[ERROR] Processing error: lost"})
    notes = parse_notes(kept)
    assert (notes.failure, notes.is_parsable) == (Failure.UNCERTAIN, True)
    assert notes.whole_log == "[ERROR] Processing error: lost"


def test_a_revival_keeps_the_newest_hundred_lines() -> None:
    kept = log_to_keep("\n".join(f"[ERROR] Sender {number} not found." for number in range(150)))
    assert kept.splitlines()[0] == "[ERROR] Sender 50 not found."
    assert len(kept.splitlines()) == 100


def test_an_uncertain_error_after_a_certain_one_is_uncertain() -> None:
    notes = parse_notes(f"{ORDER}\n[ERROR] Insufficient funds: 1 < 2\n[ERROR] Processing error: x")
    assert notes.failure is Failure.UNCERTAIN


def test_an_error_without_any_text_is_no_certain_failure() -> None:
    assert parse_notes(f"{ORDER}\n[ERROR]").failure in {None, Failure.UNCERTAIN}


def test_an_error_inside_the_json_is_not_the_engines() -> None:
    assert parse_notes('{"amount": 5, "reason": "[ERROR] Insufficient funds"}').failure is None


def test_a_long_error_is_cut() -> None:
    assert len(parse_notes(f"{ORDER}\n[ERROR] {'x' * 99_000}").failure_text) == 300


@pytest.mark.parametrize(
    "amount",
    [
        *("NaN", "Infinity", "-Infinity", "1e400", "true", "false", "null", "-5", "0", '"abc"'),
        *('"NaN"', "[525]", '{"value": 525}', '""', "1" + "0" * 4000, "1" + "0" * 5000),
    ],
)
def test_an_amount_that_is_no_positive_number_is_a_flaw(amount: str) -> None:
    notes = parse_notes(f'{{"amount": {amount}, "reason": "r"}}')
    assert notes.ducats is None
    assert notes.flaw


def test_an_amount_written_as_text_is_read_as_the_engine_reads_it() -> None:
    assert parse_notes('{"amount": "525.5"}').ducats == Decimal("525.5")


def test_a_missing_amount_is_a_flaw() -> None:
    assert "no usable amount" in parse_notes('{"ducats": 525}').flaw


@pytest.mark.parametrize("text", ["", "   \n", "hello", "{'amount': 5}", '{"amount": 5', "\x00"])
def test_what_is_no_json_is_a_flaw(text: str) -> None:
    notes = parse_notes(text)
    assert (notes.ducats, bool(notes.flaw)) == (None, True)


@pytest.mark.parametrize("text", ["[]", '"525"', "525", "null", "[{}]"])
def test_json_without_an_object_is_a_flaw(text: str) -> None:
    assert parse_notes(text).flaw == "its Notes hold no JSON object"


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"amount":['])
def test_json_a_hundred_thousand_deep_is_a_flaw_and_no_crash(opening: str) -> None:
    assert parse_notes(opening * 100_000).flaw


@pytest.mark.parametrize("depth", range(100, 1000, 50))
def test_an_amount_nested_at_any_depth_is_a_flaw_and_no_crash(depth: int) -> None:
    assert parse_notes('{"amount": ' + "[" * depth + "]" * depth + "}").flaw


def test_the_engines_errors_are_read_even_where_the_json_is_broken() -> None:
    notes = parse_notes("{'amount': 5}\n[ERROR] Failed to parse transfer details: x")
    assert notes.failure is Failure.MALFORMED


def test_stripe_ids_are_found_under_any_name_and_once() -> None:
    notes = parse_notes('{"a": "pi_1", "amount": 5, "b": "ch_2", "c": "pi_1", "d": "py_3"}')
    assert notes.stripe_ids == ("pi_1", "ch_2", "py_3")


@pytest.mark.parametrize("value", ["see pi_1", "pi_1 ", "pi_", "re_1", "pi-1", "PI_1", "pi_1\n"])
def test_talk_about_a_payment_names_no_payment(value: str) -> None:
    assert parse_notes(json.dumps({"amount": 5, "reason": value})).stripe_ids == ()


def test_a_reason_of_spaces_is_no_reason() -> None:
    assert parse_notes('{"amount": 5, "reason": "  "}').reason == ""


@given(st.text(max_size=200))
def test_no_text_whatever_raises(text: str) -> None:
    parse_notes(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(document=_JSON, appended=st.text(max_size=60))
def test_no_json_whatever_raises_and_only_positive_amounts_pass(
    document: object, appended: str
) -> None:
    ducats = parse_notes(json.dumps({"amount": document}) + "\n" + appended).ducats
    assert ducats is None or 0 < ducats < 10**12


@given(st.decimals("0.000001", "999999999", allow_nan=False, places=6))
def test_any_amount_survives_json_and_the_engines_text(ducats: Decimal) -> None:
    assert parse_notes(f'{{"amount": {ducats:f}}}{SUCCESS}').ducats == ducats
