"""What Stripe's refunds and disputes say of a charge's money."""

from __future__ import annotations

from typing import Any

import pytest

from cascade_cli.adapters.stripe.money_moved import release_among, to_dispute, to_refund, to_refunds
from cascade_cli.adapters.stripe.purchase_parser import to_charge
from cascade_cli.wiring.reading import Wiring
from tests.adapters.stripe.test_purchases import AT, DAY
from tests.harness.sandboxed import Sandboxed

CHARGE: dict[str, Any] = {
    "id": "ch_1",
    "amount": 1000,
    "amount_captured": 1000,
    "amount_refunded": 0,
    "currency": "usd",
    "balance_transaction": "txn_charge",
}


def a_refund(name: str, cents: int, **changed: Any) -> dict[str, Any]:
    refund = {"id": name, "status": "succeeded", "amount": cents, "created": 5}
    return refund | {"balance_transaction": "txn_1", "failure_balance_transaction": None} | changed


def moved(*cents: int, currency: str = "usd") -> list[dict[str, Any]]:
    return [{"amount": each, "currency": currency, "net": each - 1500} for each in cents]


def disputed(
    *movements: dict[str, Any], charge: dict[str, Any] = CHARGE, **changed: Any
) -> dict[str, Any]:
    dispute = {"id": "du_1", "charge": charge, "status": "lost", "reason": "fraudulent"}
    money = {"amount": 1000, "currency": "usd", "created": 7}
    return {**dispute, **money, "balance_transactions": list(movements), **changed}


def taken(dispute: dict[str, Any], paid: dict[str, Any] | None = None) -> int | None:
    return to_dispute(dispute, "ch_1", lambda _id: paid).taken_cents


@pytest.mark.parametrize(
    ("transactions", "has_left"),
    [
        ({"balance_transaction": None}, False),
        ({"balance_transaction": "txn_1"}, True),
        ({"balance_transaction": "txn_1", "failure_balance_transaction": "txn_2"}, False),
    ],
)
def test_a_refund_has_left_by_its_balance_transactions(
    transactions: dict[str, Any], has_left: bool
) -> None:
    for status in ("pending", "succeeded", "failed", "requires_action"):
        refund = a_refund("re_1", 300, status=status, **transactions)
        assert to_refund(refund).money_is_gone is has_left


def test_a_refund_that_tells_of_no_transactions_counts_by_its_status() -> None:
    refund = a_refund("re_1", 300)
    del refund["balance_transaction"]
    assert to_refund(refund).money_is_gone
    assert not to_refund(refund | {"status": "failed"}).money_is_gone


@pytest.mark.parametrize("transaction", [None, "txn_reversal"])
def test_what_was_not_captured_is_no_refund(transaction: str | None) -> None:
    charge = CHARGE | {"amount": 1300, "amount_refunded": 600}
    release = a_refund("re_1", 300, created=1, balance_transaction=transaction)
    refund = a_refund("re_2", 300)
    assert release_among(charge, [refund, release]) is release
    assert [one.id for one in to_refunds(charge, [refund, release])] == ["re_2"]


def test_a_refund_of_just_what_was_not_captured_is_one_where_the_release_is_not_listed() -> None:
    charge = CHARGE | {"amount": 1300, "amount_refunded": 600}
    assert release_among(charge, [a_refund("re_2", 300)]) is None


def test_a_dispute_took_what_its_transactions_took_before_the_fee() -> None:
    assert taken(disputed(*moved(-1000))) == 1000
    assert taken(disputed(*moved(-1000, 1000))) == 0
    assert taken(disputed(*moved(-1000, 400))) == 600
    assert taken(disputed(*moved(-1000, 1000, -1000))) == 1000
    assert taken(disputed()) == 0


def test_a_dispute_without_a_list_of_transactions_tells_nothing() -> None:
    assert taken(disputed(balance_transactions=None)) is None


@pytest.mark.parametrize(("case_type", "cents"), [("resolution", 1000), ("block", 0)])
def test_a_prevented_dispute_has_paid_the_cardholder_only_by_a_resolution(
    case_type: str, cents: int
) -> None:
    details = {"card": {"case_type": case_type}}
    prevented = disputed(status="prevented", payment_method_details=details)
    assert taken(prevented) == cents


def test_a_balance_in_another_currency_counts_by_proportion_to_what_was_withdrawn() -> None:
    assert taken(disputed(*moved(-900, currency="eur"))) == 1000
    assert taken(disputed(*moved(-900, 450, currency="eur"))) == 500
    assert taken(disputed(*moved(-900, 900, -900, currency="eur"), amount=300)) == 300


def test_money_that_comes_back_at_another_days_rate_has_come_back() -> None:
    assert taken(disputed(*moved(-900, 870, currency="eur"))) == 0
    assert taken(disputed(*moved(-900, 930, currency="eur"))) == 0


def test_a_dispute_in_another_currency_counts_by_the_charges_own_transaction() -> None:
    dispute = disputed(*moved(-450, currency="eur"), currency="gbp", amount=400)
    assert taken(dispute, {"amount": 900, "currency": "eur"}) == 500
    assert taken(dispute, {"amount": 900, "currency": "chf"}) == 1000
    assert taken(dispute) == 1000
    assert taken(disputed(*moved(-400), currency="gbp", amount=300)) == 400


def test_what_is_contested_is_told_in_the_charges_currency() -> None:
    for dispute, cents in (
        (disputed(amount=300), 300),
        (disputed(*moved(-400), currency="gbp", amount=300), 400),
        (disputed(currency="gbp", amount=300), 1000),
    ):
        assert to_dispute(dispute, "ch_1", lambda _id: None).amount_cents == cents


def test_more_refunds_than_a_charge_shows_are_all_read(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    paid, account = sandboxed.pay(AT), sandboxed.app.stripe.account
    for _ in range(12):
        account.refund(paid["id"], at=AT, amount=50)
    (listed,) = wiring.payments.purchases(DAY).charges
    (named,) = wiring.payments.portions(paid["payment_intent"])
    (charged,) = wiring.payments.portions(paid["id"])
    for charge in (listed, named, charged):
        assert (len(charge.refunds), charge.refunded_cents) == (12, 600)


def test_a_partial_capture_sent_nothing_back(sandboxed: Sandboxed, wiring: Wiring) -> None:
    account = sandboxed.app.stripe.account
    metadata = {"citizen_id": "marco", "ducat_amount": "100"}
    made = account.pay(amount=2500, currency="usd", metadata=metadata, at=AT, capture=False)
    account.capture(made["payment_intent"], at=AT, amount_to_capture=1000)
    (charge,) = wiring.payments.purchases(DAY).charges
    assert (charge.captured_cents, charge.refunded_cents, charge.refunds) == (1000, 0, ())
    refund = account.refund(charge.id, at=AT, amount=300)
    (charge,) = wiring.payments.portions(charge.id)
    assert charge.refunded_cents == 300
    assert [one.id for one in charge.refunds] == [refund["id"]]


def test_a_charge_without_its_refunds_counts_by_its_sum() -> None:
    document = CHARGE | {"payment_intent": "pi_1", "created": 5, "disputed": False}
    document |= {"amount": 1300, "amount_refunded": 550}
    assert to_charge(document, {}).refunded_cents == 250
