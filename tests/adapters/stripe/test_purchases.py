"""Reading Stripe, through the SDK and HTTP, from the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.adapters.stripe.documents import PAGE_SIZE
from cascade_cli.adapters.stripe.purchase_parser import is_ducat_purchase
from cascade_cli.domain.shop.times import Window
from cascade_cli.wiring.reading import Wiring
from tests.harness.sandboxed import Sandboxed

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = Window(AT - timedelta(hours=12), AT + timedelta(hours=12))
SECOND = timedelta(seconds=1)


def test_a_paid_purchase_is_read_whole(sandboxed: Sandboxed, wiring: Wiring) -> None:
    paid = sandboxed.pay(AT, "Niccolò_Grimani", "525.0", 5000)
    (charge,) = wiring.payments.purchases(DAY).charges
    assert (charge.id, charge.payment_intent) == (paid["id"], paid["payment_intent"])
    assert (charge.created_at, charge.citizen) == (AT, "Niccolò_Grimani")
    assert (charge.ducats, charge.rate) == (Decimal(525), Decimal("0.1"))
    assert (charge.captured_cents, charge.refunded_cents, charge.currency) == (5000, 0, "usd")


def test_more_than_a_page_is_read_in_pages_of_a_hundred(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    for number in range(205):
        sandboxed.pay(AT + number * SECOND)
    charges = wiring.payments.purchases(DAY).charges
    assert len({charge.id for charge in charges}) == 205
    pages = [request.query for request in sandboxed.recorder.to("stripe")]
    assert len(pages) == 3
    assert all("limit=100" in query for query in pages)


def test_the_window_is_half_open_to_the_second(sandboxed: Sandboxed, wiring: Wiring) -> None:
    for at in (AT - SECOND, AT, AT + 59 * SECOND, AT + 60 * SECOND):
        sandboxed.pay(at)
    read = wiring.payments.purchases(Window(AT, AT + 60 * SECOND)).charges
    assert sorted(charge.created_at for charge in read) == [AT, AT + 59 * SECOND]


def test_fractions_of_a_second_move_both_ends_to_the_next_second(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    for at in (AT, AT + SECOND, AT + 2 * SECOND):
        sandboxed.pay(at)
    half = timedelta(milliseconds=500)
    read = wiring.payments.purchases(Window(AT + half, AT + SECOND + half)).charges
    assert [charge.created_at for charge in read] == [AT + SECOND]


def test_two_windows_side_by_side_read_each_charge_once(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    for number in range(5):
        sandboxed.pay(AT + number * SECOND)
    middle = AT + timedelta(seconds=2.5)
    windows = Window(DAY.since, middle), Window(middle, DAY.until)
    read = [charge.id for window in windows for charge in wiring.payments.purchases(window).charges]
    assert len(read) == len(set(read)) == 5


def test_other_products_are_counted_and_left_alone(sandboxed: Sandboxed, wiring: Wiring) -> None:
    account = sandboxed.app.stripe.account
    account.pay(amount=500, currency="usd", metadata={"order_id": "1"}, at=AT)
    account.charge_directly(amount=700, currency="usd", at=AT)
    sandboxed.pay(AT)
    listing = wiring.payments.purchases(DAY)
    assert (len(listing.charges), listing.other_products, listing.unpaid) == (1, 2, 0)


@pytest.mark.parametrize(
    "terms", [{"payment_method": "pm_card_chargeDeclined"}, {"capture": False}]
)
def test_declined_and_uncaptured_charges_are_counted_as_unpaid(
    sandboxed: Sandboxed, wiring: Wiring, terms: dict[str, str]
) -> None:
    metadata = {"citizen_id": "marco", "ducat_amount": "100"}
    pay = sandboxed.app.stripe.account.pay
    pay(amount=1000, currency="usd", metadata=metadata, at=AT, **terms)  # type: ignore[arg-type]
    listing = wiring.payments.purchases(DAY)
    assert (listing.charges, listing.unpaid) == ([], 1)


def test_metadata_set_on_the_intent_after_payment_is_found_there(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    account = sandboxed.app.stripe.account
    paid = account.pay(amount=1000, currency="usd", metadata={}, at=AT)
    metadata = {"citizen_id": "marco", "ducat_amount": "100", "platform": "cascade"}
    account.update(paid["payment_intent"], at=AT + SECOND, metadata=metadata)
    (charge,) = wiring.payments.purchases(DAY).charges
    assert (charge.citizen, charge.ducats) == ("marco", Decimal(100))


def test_the_charges_own_metadata_comes_before_the_intents(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    paid = sandboxed.pay(AT, "marco")
    changed = {"citizen_id": "polo"}
    sandboxed.app.stripe.account.update(paid["payment_intent"], at=AT, metadata=changed)
    (charge,) = wiring.payments.purchases(DAY).charges
    assert charge.citizen == "marco"


def test_a_charge_without_an_intent_is_read(sandboxed: Sandboxed, wiring: Wiring) -> None:
    metadata = {"citizen_id": "marco", "ducat_amount": "100"}
    paid = sandboxed.app.stripe.account.charge_directly(
        amount=1000, currency="usd", at=AT, metadata=metadata
    )
    (charge,) = wiring.payments.purchases(DAY).charges
    assert (charge.id, charge.payment_intent) == (paid["id"], None)


@pytest.mark.parametrize(("text", "ducats"), [("NaN", None), ("1e400", None), ("abc", None)])
def test_an_unusable_amount_is_kept_as_text(
    sandboxed: Sandboxed, wiring: Wiring, text: str, ducats: None
) -> None:
    sandboxed.pay(AT, ducats=text)
    (charge,) = wiring.payments.purchases(DAY).charges
    assert (charge.ducats, charge.ducats_text) == (ducats, text)


def test_a_citizen_of_spaces_is_nobody(sandboxed: Sandboxed, wiring: Wiring) -> None:
    sandboxed.pay(AT, "  ")
    (charge,) = wiring.payments.purchases(DAY).charges
    assert charge.citizen is None


def test_refunds_and_disputes_come_along(sandboxed: Sandboxed, wiring: Wiring) -> None:
    paid, account = sandboxed.pay(AT), sandboxed.app.stripe.account
    account.refund(paid["id"], at=AT, amount=300)
    dispute = account.dispute(paid["id"], at=AT)
    (charge,) = wiring.payments.purchases(DAY).charges
    assert (charge.refunded_cents, charge.disputed) == (300, True)
    (found,) = wiring.payments.disputes(charge.id)
    assert (found.id, found.status) == (dispute["id"], "needs_response")


def _disputed(sandboxed: Sandboxed, at: datetime = AT) -> dict[str, Any]:
    charge = sandboxed.pay(at)
    sandboxed.app.stripe.account.dispute(charge["id"], at=at)
    return charge


def _asked_of_disputes(sandboxed: Sandboxed, wiring: Wiring) -> tuple[dict[str, Any], int]:
    """The disputes of the day's charges, by asking for each and by asking for all; the requests of
    the latter."""
    charges = [charge for charge in wiring.payments.purchases(DAY).charges if charge.disputed]
    each = {charge.id: wiring.payments.disputes(charge.id) for charge in charges}
    before = len(sandboxed.recorder.requests)
    assert wiring.payments.disputes_against(charges) == each
    return each, len(sandboxed.recorder.requests) - before


def test_the_disputes_of_many_charges_come_by_one_listing(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    account, twice = sandboxed.app.stripe.account, sandboxed.pay(AT)
    for _ in range(2):
        account.close_dispute(account.dispute(twice["id"], at=AT)["id"], at=AT, won=True)
    for _ in range(3):
        _disputed(sandboxed)
    _disputed(sandboxed, AT + timedelta(days=2))
    found, requests = _asked_of_disputes(sandboxed, wiring)
    assert sorted(map(len, found.values())) == [1, 1, 1, 2]
    assert requests == 1


def test_where_the_account_has_very_many_disputes_each_charge_is_asked_for(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    for _ in range(2):
        _disputed(sandboxed)
    for _ in range(PAGE_SIZE):
        _disputed(sandboxed, AT + timedelta(days=2))
    found, requests = _asked_of_disputes(sandboxed, wiring)
    assert (len(found), requests) == (2, 1 + 2)


def test_a_won_dispute_is_read_as_won(sandboxed: Sandboxed, wiring: Wiring) -> None:
    paid, account = sandboxed.pay(AT), sandboxed.app.stripe.account
    account.close_dispute(account.dispute(paid["id"], at=AT)["id"], at=AT, won=True)
    (found,) = wiring.payments.disputes(paid["id"])
    assert (found.is_undecided, found.cents_gone) == (False, 0)


@pytest.mark.parametrize("by", ["id", "payment_intent"])
def test_a_payment_is_found_by_its_charge_and_by_its_intent(
    sandboxed: Sandboxed, wiring: Wiring, by: str
) -> None:
    paid = sandboxed.pay(AT)
    found = wiring.payments.payment(paid[by])
    assert found is not None
    assert (found.id, found.payment_intent) == (paid["id"], paid["payment_intent"])


@pytest.mark.parametrize("payment_id", ["pi_unknown", "ch_unknown", "py_unknown"])
@pytest.mark.usefixtures("sandboxed")
def test_an_unknown_payment_is_none(wiring: Wiring, payment_id: str) -> None:
    assert wiring.payments.payment(payment_id) is None


def test_a_payment_that_never_succeeded_is_none(sandboxed: Sandboxed, wiring: Wiring) -> None:
    intent = sandboxed.app.stripe.account.create_payment_intent(
        amount=500, currency="usd", metadata={"citizen_id": "marco"}, at=AT
    )
    assert wiring.payments.payment(intent["id"]) is None


def test_a_payment_for_another_product_is_none(sandboxed: Sandboxed, wiring: Wiring) -> None:
    paid = sandboxed.app.stripe.account.pay(amount=500, currency="usd", metadata={}, at=AT)
    assert wiring.payments.payment(paid["payment_intent"]) is None


def test_of_an_intent_with_a_declined_attempt_the_paid_charge_is_found(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    account = sandboxed.app.stripe.account
    metadata = {"citizen_id": "marco", "ducat_amount": "100"}
    intent = account.create_payment_intent(amount=500, currency="usd", metadata=metadata, at=AT)
    account.confirm(intent["id"], at=AT, payment_method="pm_card_chargeDeclined")
    account.confirm(intent["id"], at=AT + SECOND, payment_method="pm_card_visa")
    found = wiring.payments.payment(intent["id"])
    assert found is not None
    assert found.created_at == AT + SECOND


@pytest.mark.parametrize(
    ("metadata", "is_purchase"),
    [
        ({"type": "ducat_purchase", "platform": "cascade"}, True),
        ({"citizen_id": "marco"}, True),
        ({"ducat_amount": "5"}, True),
        ({"platform": "cascade"}, True),
        ({}, False),
        ({"order_id": "1"}, False),
        ({"platform": "other", "citizen_id": "marco"}, False),
        ({"platform": "cascade", "type": "donation"}, False),
    ],
)
def test_metadata_tells_ducat_purchases_from_other_products(
    metadata: dict[str, str], is_purchase: bool
) -> None:
    assert is_ducat_purchase(metadata) is is_purchase
