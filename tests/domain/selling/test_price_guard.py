"""Whether a charge's price lets a machine deliver it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.charges import Portion
from cascade_cli.domain.records.stratagems import Failure
from cascade_cli.domain.selling.price_guard import PriceFlaw, price_objection
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.exchange import Exchange, Rates
from tests.domain.samples import PAID, a_charge, keyed, older, the_item


class Yen(Rates):
    """A dollar is 150 yen, and nothing else is known."""

    def on(self, currency: str, day: date) -> Exchange | None:
        return Exchange(Decimal(150), day) if currency == "jpy" else None


PRICES = PriceList(rates=Yen())
TODAY = Exchange(Decimal(150), PAID.date())


def flaw(**changed: Any) -> PriceFlaw | None:
    found = price_objection(a_charge(**changed), PRICES)
    return found.flaw if found else None


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"captured_cents": 999},
        {"rate": Decimal("0.05"), "captured_cents": 500},
        {"rate": Decimal("0.50"), "captured_cents": 5000},
        {"rate": None},
        {"currency": "jpy", "captured_cents": 1500, "exchange": TODAY},
        {"currency": "jpy", "captured_cents": 1350},
        {"ducats": None, "captured_cents": 1},
        # A rate outside the bounds that wins nothing.
        {"rate": Decimal("0.01"), "captured_cents": 1000},
        {
            "currency": "jpy",
            "captured_cents": 1500,
            "exchange": Exchange(Decimal(1), PAID.date()),
        },
    ],
)
def test_enough_was_paid(changed: dict[str, Any]) -> None:
    assert flaw(**changed) is None


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"captured_cents": 998}, PriceFlaw.UNDERPAID),
        ({"rate": Decimal("0.01"), "captured_cents": 100}, PriceFlaw.UNDERPAID),
        ({"rate": Decimal("0.0499"), "captured_cents": 500}, PriceFlaw.OWN_RATE),
        ({"rate": Decimal("0.0499"), "captured_cents": 998}, PriceFlaw.OWN_RATE),
        ({"rate": Decimal("0.51"), "captured_cents": 1000}, PriceFlaw.UNDERPAID),
        ({"currency": "vnd", "captured_cents": 10**7}, PriceFlaw.UNKNOWN_RATE),
        (
            {
                "currency": "vnd",
                "captured_cents": 10**7,
                "exchange": Exchange(Decimal(1), PAID.date()),
            },
            PriceFlaw.UNKNOWN_RATE,
        ),
        (
            {
                "currency": "jpy",
                "captured_cents": 1490,
                "exchange": Exchange(Decimal(1), PAID.date()),
            },
            PriceFlaw.OWN_RATE,
        ),
    ],
)
def test_nobody_knows_that_enough_was_paid(changed: dict[str, Any], found: PriceFlaw) -> None:
    assert flaw(**changed) is found


def test_a_rate_within_yesterday_s_bounds_is_no_rate_of_its_own() -> None:
    dearer = PriceList(lowest_rate=Decimal("0.10"), rate=Decimal("0.20"))
    changed = PriceList(changes=((PAID.date(), dearer),))
    charge = a_charge(rate=Decimal("0.05"), captured_cents=1000)
    assert price_objection(charge, changed) is None
    later = replace(charge, created_at=PAID + timedelta(days=2))
    assert price_objection(later, changed)


def test_of_a_payment_for_many_each_lacks_its_share() -> None:
    part = Portion(1, 2, Decimal(200), 500)
    found = price_objection(a_charge(portion=part, captured_cents=1000), PRICES)
    assert found
    assert (found.flaw, found.missing) == (PriceFlaw.UNDERPAID, Decimal(50))


def test_the_kind_is_the_one_with_most_money_at_risk_and_the_shortfall_comes_first() -> None:
    little = the_item(a_charge(captured_cents=50))
    much = the_item(a_charge(captured_cents=900))
    assert (little.kind, little.at_risk) == (Kind.UNDERPAID, Decimal(95))
    assert (much.kind, much.at_risk) == (Kind.MISSING, Decimal(90))
    for item in (little, much):
        assert item.verdict.startswith("paid ")
        assert "also missing: no stratagem was ever made for it" in item.evidence


@pytest.mark.parametrize("status", ["expired", "planned", "failed"])
def test_a_row_that_waits_to_be_revived_leads_with_the_shortfall_too(status: str) -> None:
    charge = a_charge(captured_cents=900)
    failure = Failure.MALFORMED if status == "failed" else None
    item = the_item(charge, keyed(charge, status=status, failure=failure))
    assert item.verdict.startswith("paid 9.00 USD where 10.00 USD were due")
    assert item.repair
    assert item.repair.command.startswith("cascade resolve pi_1 --credit ")


def test_of_an_underpaid_payment_that_was_delivered_twice_the_second_delivery_leads() -> None:
    charge = a_charge(captured_cents=900)
    item = the_item(charge, keyed(charge), older())
    assert item.kind is Kind.DUPLICATE
    assert item.verdict.startswith("2 stratagems are executed or may still be")
    assert item.evidence[-1].startswith("also underpaid: paid 9.00 USD where 10.00 USD were due")


def test_a_name_that_differs_in_case_is_not_offered_where_less_was_paid() -> None:
    item = of_a_stranger("Marco")
    assert item.repair
    assert item.repair.command.startswith("cascade resolve pi_1 --credit --citizen CITIZEN ")


def of_a_stranger(*similar: str) -> Item:
    """An underpaid payment for a citizen whom Venice does not have."""
    answers = {"citizens": {"marco": False}, "similar": {"marco": similar}}
    return the_item(a_charge(captured_cents=900), **answers)


def test_a_person_who_delivers_all_the_same_is_told_the_one_name_that_it_can_be() -> None:
    assert "cascade credit Marco 100 --payment pi_1 " in of_a_stranger("Marco").advice


@pytest.mark.parametrize("similar", [(), ("Marco", "MARCO")])
def test_where_no_one_name_can_be_told_the_buyer_is_looked_for_first(
    similar: tuple[str, ...],
) -> None:
    advice = of_a_stranger(*similar).advice
    assert advice.startswith("Find the buyer by Stripe's receipt.")
    assert "cascade credit" not in advice


def test_what_was_delivered_in_a_currency_without_a_rate_is_settled() -> None:
    charge = a_charge(currency="vnd", captured_cents=13_000)
    assert the_item(charge, keyed(charge)).kind is Kind.SETTLED


def test_the_story_tells_the_decision() -> None:
    item = the_item(a_charge(captured_cents=50))
    line = "cascade credit marco 100 --payment pi_1 --reason"
    assert line in item.advice
    assert "--although-underpaid" in item.advice
