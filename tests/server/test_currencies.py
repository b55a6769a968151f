"""The payment API in other currencies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.bank import RATES, open_shop, today, write
from tests.server.conftest import Shop, eventually, shop_in
from tests.server.events import paid, succeeded
from tests.server.test_payments import kind

PRICING = "/api/payments/pricing"


@pytest.fixture
def abroad(tmp_path: Path) -> Iterator[Shop]:
    with shop_in(tmp_path, **open_shop(tmp_path)) as shop:
        yield shop


@pytest.mark.parametrize(
    ("currency", "amount", "rate"),
    [("EUR", 4_000, "0.8"), ("jpy", 8_000, "160"), ("KWD", 15_340, "0.3067")],
)
def test_an_intent_is_priced_in_the_currency_and_tells_rate_and_date(
    abroad: Shop, currency: str, amount: int, rate: str
) -> None:
    made = abroad.create(citizen_id="marco", package="500", currency=currency).json()
    assert (made["amount_cents"], made["currency"]) == (amount, currency.lower())
    assert (made["currency_rate"], made["currency_rate_date"]) == (rate, f"{today()}")
    assert made["exchange_rate"] == "0.10"
    told = abroad.client.get(f"/api/payments/payment-intent/{made['payment_intent_id']}").json()
    assert (told["currency_rate"], told["currency_rate_date"]) == (rate, f"{today()}")


def test_us_dollars_are_as_ever(abroad: Shop) -> None:
    made = abroad.create(citizen_id="marco", package="500").json()
    assert (made["amount_cents"], made["currency"], made["currency_rate"]) == (5_000, "usd", None)


def test_a_wrong_price_is_refused_with_the_right_one_in_that_currency(abroad: Shop) -> None:
    answer = abroad.create(citizen_id="marco", package="500", currency="JPY", amount_cents=5_000)
    error = answer.json()["error"]
    assert kind(answer) == (400, "price_mismatch")
    assert (error["amount_cents"], error["currency"]) == (8_000, "jpy")


def test_the_list_is_told_in_a_currency_with_rate_and_date(abroad: Shop) -> None:
    told = abroad.client.get(f"{PRICING}?currency=KWD").json()
    assert (told["currency"], told["currency_rate"]) == ("kwd", "0.3067")
    assert told["currency_rate_date"] == f"{today()}"
    assert told["packages"][0]["amount_cents"] == 3_070
    assert told["currencies"] == ["usd", "eur", "jpy", "kwd", "isk", "omr"]


@pytest.mark.parametrize(("currency", "status"), [("GBP", 400), ("EURO", 422), ("", 422)])
def test_what_is_not_offered_or_no_currency_is_refused(
    abroad: Shop, currency: str, status: int
) -> None:
    assert abroad.client.get(f"{PRICING}?currency={currency}").status_code == status
    made = abroad.create(citizen_id="marco", package="500", currency=currency)
    assert made.status_code == status
    assert not abroad.place.recorder.to("stripe")


def test_a_rate_that_is_too_old_sells_nothing_and_a_fresh_file_opens_the_shop_again(
    abroad: Shop, tmp_path: Path
) -> None:
    write(tmp_path / "eurofxref-hist.zip", (today() - timedelta(days=8), RATES))
    answer = abroad.create(citizen_id="marco", package="500", currency="OMR")
    assert kind(answer) == (503, "no_exchange_rate")
    assert "CASCADE" not in answer.text
    assert not abroad.place.recorder.to("stripe")
    write(tmp_path / "eurofxref-hist.zip", (today(), RATES))
    assert abroad.create(citizen_id="marco", package="500", currency="OMR").status_code == 200


def test_a_broken_file_is_the_operator_s_business_and_us_dollars_are_sold_on(
    abroad: Shop, tmp_path: Path
) -> None:
    (tmp_path / "eurofxref-hist.zip").write_bytes(b"broken")
    answer = abroad.create(citizen_id="marco", package="500", currency="EUR")
    assert (answer.status_code, "eurofxref" in answer.text) == (503, False)
    assert abroad.create(citizen_id="marco", package="500").status_code == 200


def yen(shop: Shop, amount: int, **metadata: str) -> bytes:
    """The event of a payment of 100 ducats in yen."""
    given = {"citizen_id": "marco", "ducat_amount": "100", "exchange_rate": "0.10", **metadata}
    app = shop.place.app
    purchase = {**given, "platform": "cascade", "type": "ducat_purchase"}
    at = app.now()
    return succeeded(
        app.stripe.account.pay(amount=amount, currency="jpy", metadata=purchase, at=at)
    )


def test_the_webhook_credits_what_was_paid_in_full_at_its_own_rate_and_nothing_else(
    abroad: Shop,
) -> None:
    day = f"{today()}"
    abroad.tell(yen(abroad, 1_600, currency_rate="160", currency_rate_date=day))
    abroad.tell(yen(abroad, 1_599, currency_rate="160", currency_rate_date=day))
    abroad.tell(yen(abroad, 100, currency_rate="10", currency_rate_date=day))
    assert abroad.wait_until_dealt_with() == {"credited": 1, "attention": 2}
    assert len(abroad.stratagems()) == 1


def test_a_broken_file_holds_up_no_payment_in_us_dollars_and_loses_none(
    abroad: Shop, tmp_path: Path
) -> None:
    (tmp_path / "eurofxref-hist.zip").write_bytes(b"broken")
    abroad.tell(yen(abroad, 1_600, currency_rate="160", currency_rate_date=f"{today()}"))
    for _ in range(2):
        abroad.tell(succeeded(paid(abroad.place.app, "marco")))
    eventually(lambda: abroad.counts() == {"credited": 2, "waiting": 1})
    write(tmp_path / "eurofxref-hist.zip", (today(), RATES))
    assert abroad.wait_until_dealt_with() == {"credited": 3}
