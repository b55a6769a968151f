"""How many ducats an invoice sells: the exact sum over its lines.

A product's id says what it gives: `cascade_ducats_500_25` is 500 ducats that are paid for and 25 on
top. So each line speaks for itself, whatever plan the subscription was changed to since. A whole
month gives all of it. A part of a month gives the fraction that its amount is of the product's
price. A credit for an unused part takes away as much in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from cascade_cli.domain.records.charges import PeriodGood
from cascade_cli.domain.refunds.refund_shares import floored
from cascade_cli.domain.shop.money import MAX_DECIMALS, ZERO, exactly, format_ducats

PRODUCT_PREFIX = "cascade_ducats_"
_NUMBER = r"([0-9]{1,12}(?:-[0-9]{1,6})?)"
_PRODUCT = re.compile(rf"{PRODUCT_PREFIX}{_NUMBER}(?:_{_NUMBER})?")


@dataclass(frozen=True)
class Good:
    """Ducats that are paid for, and a bonus on top; `bonus` is None if only the price list tells
    it."""

    paid: Decimal
    bonus: Decimal | None = ZERO

    @property
    def total(self) -> Decimal:
        """What the buyer gets."""
        with exactly():
            return self.paid + (self.bonus or ZERO)


def product_id(good: Good) -> str:
    """The product's id at Stripe. A dash stands for the decimal point."""
    numbers = [good.paid, *([good.bonus] if good.bonus else [])]
    return PRODUCT_PREFIX + "_".join(format_ducats(number).replace(".", "-") for number in numbers)


def good_of(product: str) -> Good | None:
    """What a product gives, by its id; None if it is not one of ours."""
    match = _PRODUCT.fullmatch(product)
    if match is None:
        return None
    paid, bonus = (Decimal((text or "0").replace("-", ".")) for text in match.groups())
    return Good(paid, bonus) if paid > 0 else None


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice.

    `good` is what one unit gives a month, None if no ducats. `amount_cents` is for all of the
    quantity, negative if something is given back. For a part of a month, `full_cents` is the price
    of one unit for the whole month, None if that is not known.
    """

    amount_cents: int
    quantity: int
    since: datetime
    until: datetime
    price: str = ""
    good: Good | None = None
    is_part: bool = False
    full_cents: Decimal | None = None
    discount_cents: int = 0
    is_recurring: bool = True

    @property
    def owed_cents(self) -> int:
        """What is left to pay for the line: nothing if it is free, or discounted to nothing."""
        return self.amount_cents - self.discount_cents


@dataclass(frozen=True)
class Sold:
    """What an invoice sold: the ducats, how many of them were not paid for, their cost, the number
    of prices, the time they are for, and the products."""

    ducats: Decimal
    bonus: Decimal | None
    cents: int
    prices: int
    since: datetime
    until: datetime
    goods: tuple[PeriodGood, ...] = ()


def with_said(lines: Sequence[InvoiceLine], said: Decimal | None) -> Sequence[InvoiceLine]:
    """The lines of a subscription that somebody made by hand. `said` is what its metadata says one
    unit gives.

    That is only clear if all recurring lines have one price; otherwise the lines stay as they are.
    """
    prices = {line.price for line in lines if line.is_recurring}
    if said is None or any(line.good for line in lines) or len(prices) != 1:
        return lines
    good = Good(said, None)
    return [replace(line, good=good) if line.is_recurring else line for line in lines]


def sold_by(lines: Iterable[InvoiceLine]) -> Sold | None:
    """What the lines sell together; None if none of them sells ducats.

    Raises ValueError, saying why, if a line cannot be counted, or more is given back than sold.
    """
    ours = [line for line in lines if line.good and line.owed_cents]
    if not ours:
        return None
    shares = [(_share(line), line.good) for line in ours]
    ducats = sum((share * Fraction(good.total) for share, good in shares if good), Fraction())
    bonuses = [share * Fraction(good.bonus) for share, good in shares if good and good.bonus]
    if not ducats:
        return None
    if ducats < 0:
        raise ValueError("more ducats are given back by its lines than sold")
    # A line for a whole month shows the period better than a line for the rest of the month before.
    telling = [x for x in ours if not x.is_part] or [x for x in ours if x.amount_cents > 0]
    return Sold(
        floored(_decimal(ducats)),
        None if any(g and g.bonus is None for _, g in shares) else _decimal(sum(bonuses)),
        sum(line.owed_cents for line in ours),
        sum(line.quantity for line in ours),
        min(line.since for line in telling),
        max(line.until for line in telling),
        tuple(PeriodGood(g.paid, g.bonus, share) for share, g in shares if g and g.bonus),
    )


def _share(line: InvoiceLine) -> Fraction:
    """The number of months of the product for which the line stands."""
    if line.is_part:
        if not line.full_cents or line.full_cents < 0:
            raise ValueError(f"the whole price of {line.price} is not known")
        return Fraction(line.amount_cents) / Fraction(line.full_cents)
    if line.amount_cents < 0 or line.quantity < 1:
        raise ValueError("a line takes money away and is no part of a month")
    return Fraction(line.quantity)


def _decimal(number: Fraction | int) -> Decimal:
    """Rounded down to the number of decimals that a transfer can have."""
    scale = 10**MAX_DECIMALS
    with exactly():
        return Decimal(number * scale // 1).scaleb(-MAX_DECIMALS)
