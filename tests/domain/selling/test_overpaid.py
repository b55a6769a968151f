"""What was paid beyond the price is named; what may have been the price is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.charges import Charge, Period, Portion
from cascade_cli.domain.selling.price_guard import overpaid
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.exchange import Exchange, Rates
from tests.domain.samples import PAID, a_charge, keyed, the_item


class Yen(Rates):
    """A dollar is 150 yen, and nothing else is known."""

    def on(self, currency: str, day: date) -> Exchange | None:
        return Exchange(Decimal(150), day) if currency == "jpy" else None


PRICES = PriceList(rates=Yen())
TODAY = Exchange(Decimal(150), PAID.date())
PACKAGE = {"ducats": Decimal(525), "package": "500"}
YEN = {"currency": "jpy", "exchange": TODAY}


def a_month(cents: int, bonus: Decimal | None, ducats: int = 525) -> Charge:
    period = Period(PAID, PAID + timedelta(days=30), "in_1", "sub_1", cents, bonus=bonus)
    return a_charge(captured_cents=cents, ducats=Decimal(ducats), period=period)


@pytest.mark.parametrize(
    ("changed", "beyond"),
    [
        ({"captured_cents": 1001}, "0.01 USD too much was paid: 100 ducats cost at most 10.00 USD"),
        ({"captured_cents": 1500}, "5.00 USD"),
        ({"captured_cents": 1500, "rate": None}, "5.00 USD"),
        ({"captured_cents": 1000, "rate": Decimal("0.05")}, "5.00 USD"),
        ({"captured_cents": 1500, "rate": Decimal("0.01")}, "5.00 USD"),
        ({"captured_cents": 99_000, "rate": Decimal(9)}, "980.00 USD"),
        ({**PACKAGE, "captured_cents": 5250}, "2.50 USD"),
        ({**YEN, "captured_cents": 1600}, "100 JPY"),
        ({"currency": "jpy", "captured_cents": 1668}, "1 JPY"),
    ],
)
def test_what_was_paid_beyond_the_price_is_named(changed: dict[str, Any], beyond: str) -> None:
    assert overpaid(a_charge(**changed), PRICES).startswith(beyond)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"captured_cents": 999},
        {"captured_cents": 5000, "rate": Decimal("0.50")},
        # As many ducats as a package gives, bought one by one.
        {"ducats": Decimal(525), "captured_cents": 5250},
        {**PACKAGE, "captured_cents": 5000},
        # Cents of a ducat's millionth are rounded up.
        {"ducats": Decimal("100.01"), "captured_cents": 1001},
        {**YEN, "captured_cents": 1500},
        {"currency": "jpy", "captured_cents": 1667},
        {"currency": "vnd", "captured_cents": 10**8},
        {"currency": "vnd", "captured_cents": 10**8, "exchange": TODAY},
        {"ducats": None, "captured_cents": 10**8},
    ],
)
def test_what_may_have_been_the_price_is_not_too_much(changed: dict[str, Any]) -> None:
    assert overpaid(a_charge(**changed), PRICES) == ""


def test_the_higher_price_of_a_list_that_has_just_changed_is_not_too_much() -> None:
    changes = ((PAID.date(), replace(PRICES, rate=Decimal("0.08"))),)
    charge = a_charge(rate=None)
    assert overpaid(charge, replace(PRICES, changes=changes)) == ""
    before = ((PAID.date() - timedelta(days=1), replace(PRICES, rate=Decimal("0.08"))),)
    assert overpaid(charge, replace(PRICES, changes=before)).startswith("2.00 USD")


def test_a_subscription_s_bonus_costs_nothing() -> None:
    assert overpaid(a_month(5000, Decimal(25)), PRICES) == ""
    assert overpaid(a_month(5001, Decimal(25)), PRICES).startswith("0.01 USD")


def test_of_a_subscription_made_by_hand_nobody_knows_what_was_a_bonus() -> None:
    assert overpaid(a_month(5250, None), PRICES) == ""
    assert overpaid(a_month(5251, None), PRICES).startswith("0.01 USD")


def test_a_payment_for_many_is_judged_by_the_price_of_the_whole() -> None:
    portion = Portion(1, 2, Decimal(200), 1000)
    assert overpaid(a_charge(captured_cents=2000, portion=portion), PRICES) == ""
    told = overpaid(a_charge(captured_cents=2100, portion=portion), PRICES)
    assert told == "1.00 USD too much was paid: 200 ducats cost at most 20.00 USD"


def test_a_settled_payment_names_it_in_evidence_and_conclusion() -> None:
    charge = a_charge(captured_cents=1500)
    item = the_item(charge, keyed(charge))
    assert item.kind is Kind.SETTLED
    told = "5.00 USD too much was paid: 100 ducats cost at most 10.00 USD"
    assert told in item.evidence
    assert item.conclusion.endswith(f"nothing is owed; {told}")


def test_a_payment_at_its_price_says_nothing_of_it() -> None:
    charge = a_charge()
    item = the_item(charge, keyed(charge))
    assert "too much" not in " ".join([*item.evidence, item.conclusion])


def test_a_missing_one_names_it_before_what_is_wrong() -> None:
    item = the_item(a_charge(captured_cents=1500), citizens={"marco": None})
    assert item.kind is Kind.MISSING
    assert "too much was paid" in item.evidence[-2]
    assert item.verdict == item.evidence[-1]
