"""What a payment that names nothing is found to have sold, and how few requests that takes."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import RightsError
from cascade_cli.sandbox.stripe.api_keys import LACKING
from cascade_cli.sandbox.stripe.objects import Query
from tests.harness.counter import Counter
from tests.sandbox.stripe.subscriptions import METADATA, monthly, subscribe

NO_LINES: dict[str, Any] = {"object": "list", "data": [], "has_more": False}


class Shop:
    """The account at Stripe, and what cascade reads of it."""

    def __init__(self, counter: Counter) -> None:
        self._counter, self.account = counter, counter.sandboxed.app.stripe.account
        self.now = counter.now()

    def subscribe(self, *items: Any, **metadata: str) -> str:
        return str(subscribe(self.account, self.now, *items, **metadata)["subscription"])

    def read(self, **settings: str) -> list[Charge]:
        """The charges of the last hours, oldest first; see `asked`."""
        window = Window(self.now - timedelta(hours=6), self.now + timedelta(hours=1))
        before = len(self._counter.requests)
        with self._counter.sandboxed.wired(**settings) as wiring:
            found = wiring.payments.purchases(window)
        self.asked = [r.path.removeprefix("/stripe/v1/") for r in self._counter.requests[before:]]
        self.others = found.other_products
        return sorted(found.charges, key=lambda charge: charge.created_at)


@pytest.fixture
def shop(counter: Counter) -> Shop:
    return Shop(counter)


def test_an_account_without_subscriptions_is_asked_nothing_more(shop: Shop) -> None:
    """But of customers' payments, to which an invoice may belong: see test_attached."""
    terms: Any = {"amount": 700, "currency": "usd", "metadata": {}}
    shop.account.pay(**terms, at=shop.now, description="Print of the Rialto")
    assert (shop.read(), shop.others) == ([], 1)
    assert shop.asked == ["charges"]


def test_the_invoices_of_many_payments_take_one_request(shop: Shop) -> None:
    for _ in range(5):
        shop.subscribe()
    assert [charge.ducats for charge in shop.read()] == [525] * 5
    assert shop.asked == ["charges", "invoice_payments"]


def test_a_payment_that_was_tried_for_days_is_found_by_itself(shop: Shop) -> None:
    late = shop.subscribe()
    shop.account.renew(late, at=shop.now - timedelta(days=9), fails=True)
    shop.account.pay_invoice(late, at=shop.now)
    for _ in range(4):
        shop.subscribe()
    assert len(shop.read()) == 6
    assert shop.asked == ["charges", "invoice_payments", "invoice_payments"]


def test_a_failed_renewal_is_no_purchase_and_asks_nothing(shop: Shop) -> None:
    late = shop.subscribe()
    shop.now += timedelta(hours=12)
    shop.account.renew(late, at=shop.now, fails=True)
    assert (shop.read(), shop.asked) == ([], ["charges"])


def test_what_else_an_invoice_bills_gives_no_ducats_and_pays_for_none(shop: Shop) -> None:
    shop.subscribe(monthly(), monthly("newsletter", 900), monthly("cascade_ducats_100", 1000))
    (charge,) = shop.read()
    assert charge.ducats == 625
    assert (charge.captured_cents, charge.ducats_cents) == (6900, 6000)


def test_an_invoice_without_ducats_is_another_product_s(shop: Shop) -> None:
    shop.subscribe(monthly("newsletter", 900))
    assert (shop.read(), shop.others) == ([], 1)


@pytest.mark.parametrize("said", [{"platform": "rialto_prints"}, {"type": "newsletter"}])
def test_another_shop_s_subscription_is_left_alone_though_it_sells_the_same_product(
    shop: Shop, said: dict[str, str]
) -> None:
    shop.subscribe(**said)
    assert (shop.read(), shop.others) == ([], 1)


@pytest.mark.parametrize(
    "said", [{"platform": "cascade"}, {"type": "ducat_purchase"}, {"note": "anything"}]
)
def test_a_subscription_to_our_product_is_ours_unless_it_says_otherwise(
    shop: Shop, said: dict[str, str]
) -> None:
    session = subscribe(shop.account, shop.now)
    without = {"metadata": dict.fromkeys(METADATA, "") | said}
    shop.account.update_subscription(session["subscription"], at=shop.now, **without)
    shop.account.renew(session["subscription"], at=shop.now)
    assert [charge.ducats for charge in shop.read()] == [525, 525]
    assert shop.others == 0


def test_all_lines_of_a_long_invoice_count(shop: Shop) -> None:
    items = [monthly(f"cascade_ducats_{100 + n}", 1000 + 10 * n) for n in range(12)]
    shop.subscribe(*items)
    (charge,) = shop.read()
    assert charge.ducats == sum(100 + n for n in range(12))
    assert shop.asked[-1].endswith("/lines")


def test_a_change_of_plan_asks_for_the_prices_of_both(shop: Shop) -> None:
    id_ = shop.subscribe()
    shop.now += timedelta(days=15)
    shop.account.change_plan(id_, at=shop.now, product="cascade_ducats_1000_75", unit_amount=10_000)
    (charge,) = shop.read()
    assert charge.ducats
    assert Decimal(250) < charge.ducats < Decimal(300)
    assert [path.split("/")[0] for path in shop.asked] == [
        "charges", "invoice_payments", "prices", "prices",
    ]  # fmt: skip


def test_a_subscription_made_by_hand_says_its_ducats_in_its_metadata(shop: Shop) -> None:
    shop.subscribe(monthly("prod_by_hand", 5000), ducat_amount="500")
    (charge,) = shop.read()
    assert charge.ducats == 500
    assert charge.period
    assert charge.period.bonus is None


def test_metadata_that_may_mean_either_of_two_prices_is_left_to_people(shop: Shop) -> None:
    items = monthly("prod_a", 5000), monthly("prod_b", 900)
    shop.subscribe(*items, ducat_amount="500")
    (charge,) = shop.read()
    assert charge.ducats is None
    assert "for which line" in charge.ducats_text


def test_a_payment_of_less_than_its_invoice_is_left_to_people(shop: Shop) -> None:
    """Each of two payments would be credited all that the invoice sells."""
    id_ = shop.subscribe()
    with shop.account.writing(shop.now) as writer:
        invoice = writer.get("invoice", writer.get("subscription", id_)["latest_invoice"])
        writer.replace(invoice | {"amount_due": invoice["amount_due"] * 2})
    (charge,) = shop.read()
    assert (charge.ducats, charge.citizen) == (None, "marco")
    assert "more than this payment" in charge.ducats_text


def test_an_invoice_that_a_payment_was_taken_away_from_says_nothing_of_it(shop: Shop) -> None:
    shop.subscribe()
    later = shop.account.create_customer(at=shop.now)
    with shop.account.writing(shop.now) as writer:
        (text,) = writer.flush().all(Query("invoice_payment"))
        tie = json.loads(text)
        other = writer.get("invoice", tie["invoice"]) | {"id": "in_1Other", "lines": NO_LINES}
        writer.add(other | {"customer": later["id"]})
        before = {"created": tie["created"] - 1, "status": "canceled"}
        writer.add(tie | {"id": "inpay_1Other", "invoice": "in_1Other", **before})
    assert [charge.ducats for charge in shop.read()] == [525]


def test_a_key_that_may_not_read_invoice_payments_is_told_so(shop: Shop) -> None:
    shop.subscribe()
    with pytest.raises(RightsError, match="Invoice Payment"):
        shop.read(STRIPE_SECRET_KEY=f"{LACKING}invoice_payment")
