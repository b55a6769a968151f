"""The payment API in other currencies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.pricing.bank import RATES, open_shop, today, write
from tests.server.conftest import Shop, shop_in
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
