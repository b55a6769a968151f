"""What an invoice's lines sell: whole months, parts of them, and what is given back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.charges import Period
from cascade_cli.domain.selling.invoiced_ducats import (
    Good,
    InvoiceLine,
    good_of,
    product_id,
    sold_by,
    with_said,
)
from cascade_cli.domain.selling.pricing import Package, PriceList
from tests.domain.samples import PAID, a_charge, judge, keyed, shortfall_cents

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
SMALL, LARGE = Good(Decimal(500), Decimal(25)), Good(Decimal(1000), Decimal(75))


def whole(
    good: Good | None = SMALL, quantity: int = 1, cents: int = 5000, **more: Any
) -> InvoiceLine:
    told = {"since": START, "until": END, "price": "price_a", "good": good, **more}
    return InvoiceLine(cents * quantity, quantity, **told)


def part(cents: int, good: Good = SMALL, full: int | None = 5000, **more: Any) -> InvoiceLine:
    known = None if full is None else Decimal(full)
    return whole(good, cents=cents, is_part=True, full_cents=known, **more)


def ducats(*lines: InvoiceLine) -> Decimal:
    sold = sold_by(lines)
    return sold.ducats if sold else Decimal(0)


def test_a_whole_month_gives_what_its_product_says_as_often_as_it_is_bought() -> None:
    assert ducats(whole()) == 525
    assert ducats(whole(quantity=3)) == 1575


def test_several_products_add_up_and_other_lines_give_nothing() -> None:
    assert ducats(whole(), whole(LARGE, cents=10_000), whole(None, cents=990)) == 1600


def test_the_rest_of_a_larger_plan_gives_the_difference() -> None:
    assert ducats(part(-2500), part(5000, LARGE, 10_000)) == Decimal("275")


def test_what_is_given_back_reduces_the_next_month() -> None:
    rest: dict[str, Any] = {"since": datetime(2026, 10, 25, tzinfo=UTC), "until": START}
    changed = part(-2000, **rest), part(1000, **rest)
    sold = sold_by([whole(LARGE, cents=10_000), *changed])
    assert sold
    assert (str(sold.ducats), str(sold.bonus), sold.cents) == ("970.000000", "70.000000", 9000)
    assert (sold.since, sold.until) == (START, END)


def test_an_unused_part_takes_away_exactly_what_it_gave() -> None:
    assert sold_by([part(3333), part(-3333)]) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (part(1000, full=None), "whole price"),
        (part(1000, full=0), "whole price"),
        (part(-1000), "given back"),
        (whole(cents=-5000), "takes money away"),
    ],
)
def test_what_cannot_be_counted_is_left_to_people(line: InvoiceLine, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        sold_by([line])


def test_a_free_line_gives_nothing() -> None:
    assert sold_by([whole(cents=0), whole(None)]) is None


def test_a_discount_lowers_the_money_and_not_the_ducats() -> None:
    sold = sold_by([whole(discount_cents=1000)])
    assert sold
    assert sold.ducats == 525
    assert sold.cents == 4000


def test_metadata_tells_the_ducats_of_a_subscription_made_by_hand_if_it_has_one_price() -> None:
    fee = whole(None, cents=990, price="price_fee", is_recurring=False)
    assert ducats(*with_said([whole(None), fee], Decimal(40))) == 40
    other = whole(None, price="price_b")
    assert ducats(*with_said([whole(None), other], Decimal(40))) == 0
    assert ducats(*with_said([whole()], Decimal(40))) == 525


GOODS = st.builds(
    Good,
    st.decimals("0.01", 10**6, places=2),
    st.one_of(st.just(Decimal(0)), st.decimals("0.01", 10**4, places=2)),
)
CENTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=8)


@settings(max_examples=40)
@given(GOODS)
def test_a_product_s_id_is_read_back(good: Good) -> None:
    assert good_of(product_id(good)) == good


@pytest.mark.parametrize("name", ["prod_NX", "cascade_ducats_", "cascade_ducats_0", "cascade_x_5"])
def test_another_product_gives_no_ducats(name: str) -> None:
    assert good_of(name) is None


@settings(max_examples=40)
@given(GOODS, CENTS, st.integers(1, 10**6))
def test_a_part_gives_the_same_in_one_line_or_in_many(
    good: Good, cents: list[int], full: int
) -> None:
    together = ducats(part(sum(cents), good, full))
    assert ducats(*(part(each, good, full) for each in cents)) == together


@settings(max_examples=40)
@given(GOODS, CENTS, st.integers(1, 10**6))
def test_rounding_never_gives_more_than_was_paid_for(
    good: Good, cents: list[int], full: int
) -> None:
    given_, paid = ducats(*(part(each, good, full) for each in cents)), sum(cents)
    assert given_ * full <= good.total * paid
    assert good.total * paid - given_ * full < full


def subscribed(sold: Any, captured: int) -> Any:
    period = Period(sold.since, sold.until, "in_1", "sub_1", sold.cents, sold.bonus, sold.prices)
    return a_charge(
        ducats=sold.ducats, captured_cents=captured, rate=Decimal("0.10"), period=period
    )


def test_money_for_another_line_pays_no_ducats() -> None:
    sold = sold_by([whole(cents=1000), whole(None, cents=4000)])
    assert shortfall_cents(PriceList(), subscribed(sold, 5000)) == 4000


def test_a_part_of_a_month_is_judged_with_its_part_of_the_bonus() -> None:
    sold = sold_by([part(-2517), part(5034, LARGE, 10_000)])
    assert shortfall_cents(PriceList(), subscribed(sold, 2517)) == 0
    assert shortfall_cents(PriceList(), subscribed(sold, 2400)) > 100


def test_each_price_that_was_rounded_may_be_off_by_one_unit() -> None:
    sold = sold_by([whole(quantity=3)])
    assert shortfall_cents(PriceList(), subscribed(sold, 14_997)) == 0
    assert shortfall_cents(PriceList(), subscribed(sold, 14_996)) == 4


def test_a_subscription_is_judged_by_the_list_of_the_day_it_was_sold_on() -> None:
    dearer = PriceList(rate=Decimal("0.20"), lowest_rate=Decimal("0.20"))
    prices = PriceList(changes=((PAID.date() - timedelta(days=60), dearer),))
    sold = sold_by([whole()])
    late = subscribed(sold, 5000)
    assert shortfall_cents(prices, late) == 5000
    early = replace(late.period, sold_on=PAID.date() - timedelta(days=90))
    assert shortfall_cents(prices, replace(late, period=early)) == 0
    # Nobody subscribes after the payment.
    later = replace(late.period, sold_on=PAID.date() + timedelta(days=90))
    assert shortfall_cents(prices, replace(late, period=later)) == 5000


@pytest.mark.parametrize(
    ("good", "short"),
    [
        (Good(Decimal(500), Decimal(9999)), 99_740),
        (Good(Decimal(500), Decimal(26)), 10),
        (Good(Decimal(500), Decimal(25)), 0),
        (Good(Decimal(500), Decimal(24)), 0),
        (Good(Decimal(400), Decimal(25)), 250),
    ],
)
def test_a_product_gives_no_larger_bonus_than_the_list_s_package(good: Good, short: int) -> None:
    cents = int(good.paid * 10)
    sold = sold_by([whole(good, cents=cents)])
    charge = subscribed(sold, cents)
    assert sold
    told = replace(charge, period=replace(charge.period, goods=sold.goods))
    assert shortfall_cents(PriceList(), told) == short


def test_the_list_s_own_bonus_counts_for_a_product() -> None:
    generous = PriceList(packages=(Package("500", Decimal(500), Decimal(9999)),))
    sold = sold_by([whole(Good(Decimal(500), Decimal(9999)))])
    charge = subscribed(sold, 5000)
    assert sold
    told = replace(charge, period=replace(charge.period, goods=sold.goods))
    assert shortfall_cents(generous, told) == 0


def test_without_its_products_a_bonus_is_no_larger_than_the_most_generous_package_s() -> None:
    sold = sold_by([whole(Good(Decimal(500), Decimal(9999)))])
    assert shortfall_cents(PriceList(), subscribed(sold, 5000)) > 90_000


def test_a_shop_without_packages_gives_no_bonus() -> None:
    sold = sold_by([whole()])
    assert shortfall_cents(PriceList(packages=()), subscribed(sold, 5000)) == 250


def test_what_was_paid_for_another_line_is_seen_although_all_was_delivered() -> None:
    charge = subscribed(sold_by([whole(cents=1000), whole(None, cents=4000)]), 5000)
    counts = judge([charge], [keyed(charge, ducats=charge.ducats)]).counts
    assert (counts[Kind.UNDERPAID], counts.get(Kind.SETTLED, 0)) == (1, 0)
