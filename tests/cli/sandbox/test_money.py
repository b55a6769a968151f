"""What may befall a payment at Stripe, each made by hand on the sandbox and seen there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import state_path
from tests.cli.terminal.conftest import Cascade


class Typed(Protocol):
    """Types a command of the sandbox, which must succeed, and returns its data."""

    def __call__(self, *words: str) -> dict[str, Any]: ...


class Shown(Protocol):
    """An object as the sandbox keeps it."""

    def __call__(self, kind: str, id: str) -> dict[str, Any]: ...


@pytest.fixture
def typed(cascade: Cascade) -> Typed:
    def type_(*words: str) -> dict[str, Any]:
        ended = cascade("sandbox", *words, "--json")
        assert ended.code == 0, ended.err
        data: dict[str, Any] = ended.document["data"]
        return data

    return type_


@pytest.fixture
def shown(no_settings: Path) -> Shown:
    def show(kind: str, id: str) -> dict[str, Any]:
        with closing(SandboxApp(state_path(no_settings / "state"))) as app:
            account = app.stripe.account
            with account.writing(app.now()) as writer:
                return writer.get(kind, id)

    return show


@pytest.fixture
def paid(typed: Typed) -> str:
    """A hundred ducats for ten dollars."""
    return str(typed("pay", "anna")["id"])


def dispute_money(shown: Shown, id: str) -> list[int]:
    return [moved["amount"] for moved in shown("dispute", id)["balance_transactions"]]


def test_a_sale_is_paid_as_the_older_api_sold(typed: Typed, shown: Shown) -> None:
    made = typed("pay", "anna", "--ducats", "250")
    assert (made["amount"], made["currency"], made["status"]) == (2500, "usd", "succeeded")
    metadata = shown("payment_intent", made["id"])["metadata"]
    assert (metadata["citizen_id"], metadata["ducat_amount"]) == ("anna", "250.0")
    assert (metadata["platform"], metadata["type"]) == ("cascade", "ducat_purchase")


def test_a_price_may_be_in_any_currency_that_stripe_has(typed: Typed, cascade: Cascade) -> None:
    sold = typed("pay", "anna", "--cents", "139000", "--currency", "ISK")
    assert (sold["amount"], sold["currency"]) == (139_000, "isk")
    for words in (("--cents", "139050", "--currency", "isk"), ("--currency", "florin")):
        refused = cascade("sandbox", "pay", "anna", *words)
        assert (refused.code, refused.out) == (2, "")
        assert "Nothing was changed." in refused.err


def test_a_held_payment_is_captured_in_part_and_its_rest_released(
    typed: Typed, shown: Shown
) -> None:
    held = typed("pay", "anna", "--hold")
    assert held["status"] == "requires_capture"
    assert typed("capture", held["id"], "--cents", "700")["status"] == "succeeded"
    charge = shown("charge", shown("payment_intent", held["id"])["latest_charge"])
    assert (charge["amount_captured"], charge["amount_refunded"]) == (700, 300)


def test_what_is_captured_cannot_be_captured_again(cascade: Cascade, paid: str) -> None:
    refused = cascade("sandbox", "capture", paid)
    assert (refused.code, refused.out) == (2, "")
    assert "could not be captured because it has a status of succeeded" in refused.err


@pytest.mark.parametrize(
    ("words", "status", "has_left", "came_back"),
    [
        ((), "succeeded", True, False),
        (("--status", "pending"), "pending", True, False),
        (("--status", "pending", "--unfunded"), "pending", False, False),
        (("--status", "requires_action"), "requires_action", False, False),
        (("--status", "failed"), "failed", True, True),
        (("--status", "canceled"), "canceled", True, True),
    ],
)
def test_a_refund_is_made_in_each_state(
    typed: Typed,
    shown: Shown,
    paid: str,
    words: tuple[str, ...],
    status: str,
    *,
    has_left: bool,
    came_back: bool,
) -> None:
    made = typed("refund", paid, "--cents", "250", *words)
    assert (made["object"], made["amount"], made["status"]) == ("refund", 250, status)
    refund = shown("refund", made["id"])
    assert (refund["balance_transaction"] is not None) is has_left
    assert (refund["failure_balance_transaction"] is not None) is came_back


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("requires_action", "pending"),
        ("requires_action", "succeeded"),
        ("requires_action", "failed"),
        ("requires_action", "canceled"),
        ("pending", "succeeded"),
        ("pending", "failed"),
        ("succeeded", "failed"),
    ],
)
def test_a_refund_ends_otherwise(typed: Typed, paid: str, first: str, then: str) -> None:
    made = typed("refund", paid, "--status", first)
    assert typed("refund", made["id"], "--status", then)["status"] == then


def test_a_refund_is_told_in_words(cascade: Cascade, paid: str) -> None:
    told = cascade("sandbox", "refund", paid, "--cents", "250").out
    assert told.startswith("re_3")
    assert told.endswith(": refund of 2.50 USD, succeeded.\n")


@pytest.mark.parametrize(
    ("steps", "moved"),
    [
        ((), [-1000]),
        (("under_review",), [-1000]),
        (("under_review", "won"), [-1000, 1000]),
        (("lost",), [-1000]),
        (("lost", "won"), [-1000, 1000]),
        (("lost", "appeal_needs_response"), [-1000]),
        (("lost", "appeal_needs_response", "appeal_under_review"), [-1000]),
        (("lost", "appeal_needs_response", "appeal_under_review", "won"), [-1000, 1000]),
        (("unheard_of",), [-1000]),
    ],
)
def test_a_dispute_goes_through_each_stage(
    typed: Typed, shown: Shown, paid: str, steps: tuple[str, ...], moved: list[int]
) -> None:
    made = typed("dispute", paid)
    for status in steps:
        assert typed("dispute", made["id"], "--status", status)["status"] == status
    assert dispute_money(shown, made["id"]) == moved


@pytest.mark.parametrize(("last", "moved"), [("warning_closed", []), ("needs_response", [-1000])])
def test_an_inquiry_ends_or_becomes_a_chargeback(
    typed: Typed, shown: Shown, paid: str, last: str, moved: list[int]
) -> None:
    made = typed("dispute", paid, "--status", "warning_needs_response")
    typed("dispute", made["id"], "--status", "warning_under_review")
    assert dispute_money(shown, made["id"]) == []
    typed("dispute", made["id"], "--status", last)
    assert dispute_money(shown, made["id"]) == moved


@pytest.mark.parametrize(("how", "moved"), [("block", []), ("resolution", [-1000])])
def test_a_dispute_is_prevented_with_or_without_the_money(
    typed: Typed, shown: Shown, paid: str, how: str, moved: list[int]
) -> None:
    made = typed("dispute", paid, "--status", "prevented", "--prevented-by", how)
    assert made["status"] == "prevented"
    assert dispute_money(shown, made["id"]) == moved


def test_a_dispute_claims_part_of_a_payment_in_another_currency(
    typed: Typed, shown: Shown, paid: str
) -> None:
    claim = ("--cents", "370", "--currency", "EUR", "--withdrawn", "400")
    made = typed("dispute", paid, *claim)
    assert (made["amount"], made["currency"]) == (370, "eur")
    assert dispute_money(shown, made["id"]) == [-400]


@pytest.mark.parametrize(
    "words",
    [
        ("dispute", "PAID", "--status", "lost"),
        ("dispute", "PAID", "--status", "prevented", "--prevented-by", "luck"),
        ("dispute", "PAID", "--prevented-by", "block"),
        ("dispute", "PAID", "--cents", "1001"),
        ("dispute", "PAID", "--currency", "florin"),
        ("dispute", "du_1None", "--cents", "5"),
        ("dispute", "du_1None", "--status", "forgiven"),
        ("dispute", "du_1None", "--status", "won"),
        ("refund", "PAID", "--status", "lost"),
        ("refund", "PAID", "--unfunded"),
        ("refund", "PAID", "--cents", "1001"),
        ("refund", "re_3None"),
        ("product", "cascade_ducats_none", "--inactive"),
    ],
    ids=" ".join,
)
def test_what_stripe_would_not_have_is_refused(
    cascade: Cascade, paid: str, words: tuple[str, ...]
) -> None:
    refused = cascade("sandbox", *(paid if word == "PAID" else word for word in words))
    assert (refused.code, refused.out) == (2, "")


def test_a_product_is_taken_off_the_shelves_and_put_back(cascade: Cascade, typed: Typed) -> None:
    monthly = ("--sandbox", "checkout", "TheGrandSalt", "--package", "500", "--monthly")
    typed("citizen", "add", "TheGrandSalt")
    assert cascade(*monthly).code == 0
    told = typed("product", "cascade_ducats_500_25", "--inactive")
    assert told == {"id": "cascade_ducats_500_25", "object": "product", "active": False}
    refused = cascade(*monthly)
    assert refused.code != 0
    assert "marked as inactive" in refused.err
    assert "Make it active again" in refused.err
    typed("product", "cascade_ducats_500_25")
    assert cascade(*monthly).code == 0
