"""What ducats cost, and whether a charge paid for all that it names.

Everything is in decimals. A price is ducats × rate, in another currency × its exchange rate,
rounded as `currencies.to_minor` says: at most half a minor unit against the shop, and never so low
that the sale would be judged underpaid. A charge is judged by the price list of its own day or of
the day before, since a page stays open for a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from cascade_cli.domain.records.charges import Charge, Period
from cascade_cli.domain.shop.exchange import (
    Exchange,
    Rates,
    ValuationRate,
    valuation_rate_of,
)
from cascade_cli.domain.shop.money import (
    CURRENCY,
    ZERO,
    exactly,
    format_ducats,
    minor_unit_digits,
    ratio,
    to_minor,
    unchargeable,
)

# The legacy payment API truncated float dollars x 100, which can lose one cent.
TRUNCATION_CENTS = 1
PAGE_LIFE = timedelta(days=1)
_ONE = Decimal(1)


@dataclass(frozen=True)
class Package:
    """`ducats` at the list's rate, and a `bonus` on top that nobody pays for."""

    name: str
    ducats: Decimal
    bonus: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The ducats that the buyer gets."""
        with exactly():
            return self.ducats + self.bonus


@dataclass(frozen=True)
class Quote:
    """What one sale gives and costs; `rate` is in US dollars per paid ducat."""

    ducats_paid: Decimal
    bonus: Decimal
    amount_cents: int
    rate: Decimal
    package: str | None = None
    currency: str = CURRENCY
    exchange: Exchange | None = None

    @property
    def ducats(self) -> Decimal:
        """The ducats that the buyer gets."""
        with exactly():
            return self.ducats_paid + self.bonus

    @property
    def description(self) -> str:
        """For people: `500 ducats at 0.10 USD and 25 on top`, and the exchange rate if any."""
        on_top = f" and {format_ducats(self.bonus)} on top" if self.bonus else ""
        at = f"; {self.exchange.described(self.currency)}" if self.exchange else ""
        return f"{format_ducats(self.ducats_paid)} ducats at {self.rate} USD{on_top}{at}"


@dataclass(frozen=True)
class Due:
    """What a charge ought to have paid, in minor units of its currency, and by which rates.

    It may fall short by `forgiven`. `cents` is 0 if nobody knows a rate.
    """

    cents: int
    rate: Decimal
    valuation: ValuationRate
    forgiven: int = 0

    def shortfall_cents(self, charge: Charge) -> int:
        """Minor units missing for the ducats that the charge names; 0 if no rate is known to judge
        by."""
        missing = self.cents - charge.ducats_cents
        return missing if missing > self.forgiven else 0


class PriceListError(ValueError):
    """A price list that contradicts itself; `key` is the setting to correct."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key} {why}")
        self.key, self.why = key, why


DESIGN_PACKAGES = (
    Package("100", Decimal(100)),
    Package("500", Decimal(500), Decimal(25)),
    Package("1000", Decimal(1000), Decimal(75)),
    Package("2500", Decimal(2500), Decimal(250)),
    Package("5000", Decimal(5000), Decimal(750)),
)


@dataclass(frozen=True)
class PriceList:
    """What the shop sells: packages, and any amount of ducats within the custom bounds.

    Rates are in US dollars per ducat; the defaults are the design document's. `currencies` are
    offered besides US dollars, in lower case. `changes` are later lists with their first days
    (UTC), oldest first. Raises PriceListError if the values contradict each other, or no card could
    be charged.
    """

    rate: Decimal = Decimal("0.10")
    lowest_rate: Decimal = Decimal("0.05")
    highest_rate: Decimal = Decimal("0.50")
    packages: tuple[Package, ...] = DESIGN_PACKAGES
    custom_minimum: Decimal = Decimal(10)
    custom_maximum: Decimal = Decimal(10_000)
    currencies: tuple[str, ...] = ()
    changes: tuple[tuple[date, PriceList], ...] = ()
    rates: Rates = field(default_factory=Rates, compare=False, repr=False)

    def __post_init__(self) -> None:
        for key, why in _flaws(self):
            raise PriceListError(key, why)

    def on(self, day: date) -> PriceList:
        """The list in force on a day."""
        return next((later for since, later in reversed(self.changes) if since <= day), self)

    def price_cents(
        self, ducats: Decimal, currency: str = CURRENCY, exchange: Exchange | None = None
    ) -> int:
        """The price of `ducats` paid ducats, in minor units of the currency."""
        per_usd = exchange.per_usd if exchange else _ONE
        with exactly():
            return to_minor(ducats * self.rate * per_usd, currency)

    def quote(
        self,
        *,
        ducats: Decimal | None = None,
        package: str | None = None,
        currency: str = CURRENCY,
        exchange: Exchange | None = None,
    ) -> Quote:
        """The offer of this list, on any day, for either an amount or a package.

        Raises ValueError, saying what is on offer.
        """
        if (ducats is None) == (package is None):
            raise ValueError("a purchase names either an amount of ducats or a package")
        if ducats is None:
            chosen = self._package(package or "")
        elif self.custom_minimum <= ducats <= self.custom_maximum:
            chosen = Package("", ducats)
        else:
            raise ValueError(
                f"{format_ducats(ducats)} ducats are not sold: choose an amount between "
                f"{format_ducats(self.custom_minimum)} and {format_ducats(self.custom_maximum)}"
            )
        return self._priced(chosen, package, currency, exchange)

    def quote_many(
        self, shares: Sequence[Decimal], currency: str = CURRENCY, exchange: Exchange | None = None
    ) -> Quote:
        """The offer for the sum of many citizens' ducats, without a bonus.

        The sum must reach the list's smallest amount, and no citizen may get more than its largest.
        Raises ValueError, saying what is on offer.
        """
        with exactly():
            total = sum(shares, ZERO)
        if total < self.custom_minimum or max(shares) > self.custom_maximum:
            raise ValueError(
                f"these amounts are not sold: choose at least {format_ducats(self.custom_minimum)} "
                f"ducats together and at most {format_ducats(self.custom_maximum)} for one citizen"
            )
        return self._priced(Package("", total), None, currency, exchange)

    def _priced(
        self, chosen: Package, name: str | None, currency: str, exchange: Exchange | None
    ) -> Quote:
        price = self.price_cents(chosen.ducats, currency, exchange)
        if why := unchargeable(price, currency):
            raise ValueError(f"an amount of {format_ducats(chosen.ducats)} ducats {why}")
        return Quote(chosen.ducats, chosen.bonus, price, self.rate, name, currency, exchange)

    def _package(self, name: str) -> Package:
        for package in self.packages:
            if package.name == name:
                return package
        names = ", ".join(package.name for package in self.packages) or "none at all"
        raise ValueError(f"there is no package {name[:40]!r}; there are {names}")

    def paid_part(self, charge: Charge) -> Decimal:
        """The charge's ducats without the bonus of the package that it names or equals."""
        if charge.portion:
            # All portions are judged by the price of the whole payment, which gets no package's
            # bonus.
            return charge.portion.whole_ducats
        ducats = charge.ducats or ZERO
        if charge.period and charge.period.bonus is not None:
            with exactly():
                return ducats - allowed_bonus(charge.period, ducats, self.packages)
        paid = [p.ducats for p in self.packages if p.total == ducats and _may_be(charge, p)]
        return min(paid, default=ducats)

    def least_cents(self, charge: Charge) -> int:
        """The smallest payment that is enough for the charge's ducats, rates, package and day."""
        due = self.due(charge)
        return due.cents - due.forgiven

    def valuation_rate_of(self, charge: Charge) -> ValuationRate:
        """The exchange rate by which the charge is judged."""
        if charge.currency == CURRENCY:
            return ValuationRate(_ONE, "")
        day = _sold_on(charge)
        return valuation_rate_of(charge.currency, charge.exchange, day, self.rates)

    def lists_of(self, charge: Charge) -> tuple[PriceList, ...]:
        """The lists by which the charge is judged: that of its day, and that of the day before if
        it differs."""
        day = _sold_on(charge)
        return tuple(
            {id(found): found for found in (self.on(day), self.on(day - PAGE_LIFE))}.values()
        )

    def due(self, charge: Charge, *, by_list: bool = False) -> Due:
        """What the charge ought to have paid, by the list of its day or the day before, whichever
        is less; `by_list` ignores any rates that the payment itself names."""
        valuation = self.valuation_rate_of(charge)
        if by_list:
            valuation = replace(valuation, per_usd=valuation.refused or valuation.per_usd)
        found = (one._due(charge, valuation, by_list=by_list) for one in self.lists_of(charge))
        return min(found, key=lambda due: due.cents)

    def _due(self, charge: Charge, valuation: ValuationRate, *, by_list: bool) -> Due:
        # The rate at which it was sold, but never below the lowest rate of this list.
        sold_at = max(charge.rate or self.lowest_rate, self.lowest_rate)
        rate = self.rate if by_list else sold_at
        if valuation.per_usd is None:
            return Due(0, rate, valuation)
        with exactly():
            units = self.paid_part(charge) * rate * valuation.per_usd
        forgiven = charge.period.prices if charge.period else 0
        if charge.currency == CURRENCY:
            cents = int((units * 100).to_integral_value(ROUND_FLOOR))
            return Due(cents, rate, valuation, max(TRUNCATION_CENTS, forgiven))
        return Due(to_minor(units, charge.currency), rate, valuation, forgiven)


def allowed_bonus(period: Period, ducats: Decimal, packages: Sequence[Package]) -> Decimal:
    """The part of a subscription's bonus that the list's packages give, since anybody who may write
    products can write a product's id.

    If the period does not list its goods, at most the bonus of the most generous package, in
    proportion.
    """
    bonus = period.bonus or ZERO
    if not period.goods:
        paid = ducats - bonus
        return min(bonus, max((paid * p.bonus / p.ducats for p in packages), default=ZERO))
    given = {p.ducats: p.bonus for p in packages}
    beyond = sum(
        (good.share * Fraction(good.bonus - min(good.bonus, given.get(good.paid, ZERO))))
        for good in period.goods
    )
    return bonus - Decimal(beyond.numerator) / beyond.denominator if beyond else bonus


def worth_ducats(cents: int, currency: str, rate: Decimal, valuation: ValuationRate) -> Decimal:
    """The ducats that so many minor units buy, to a millionth. For ranking."""
    units = Decimal(cents).scaleb(-minor_unit_digits(currency))
    return ratio(units, rate * (valuation.per_usd or _ONE))


def _sold_on(charge: Charge) -> date:
    """The day whose list and rates judge the charge: a subscription keeps its price."""
    day = charge.created_at.date()
    return min(charge.period.sold_on or day, day) if charge.period else day


def _may_be(charge: Charge, package: Package) -> bool:
    """A charge names its package by name or, like the legacy API's packages, by size."""
    return charge.package in {None, package.name, f"{package.ducats:f}"}


def _flaws(prices: PriceList) -> Iterator[tuple[str, str]]:
    if not 0 < prices.lowest_rate <= prices.highest_rate:
        yield "lowest_rate", f"({prices.lowest_rate}) is not between 0 and highest_rate"
    if not prices.lowest_rate <= prices.rate <= prices.highest_rate:
        bounds = f"{prices.lowest_rate} and {prices.highest_rate} USD per ducat"
        yield "rate", f"({prices.rate}) is not between {bounds}"
    if prices.custom_minimum > prices.custom_maximum:
        yield "custom.minimum", "is more than custom.maximum"
    offers = [("custom.minimum", prices.custom_minimum), ("custom.maximum", prices.custom_maximum)]
    offers += [(f"packages.{p.name}.ducats", p.ducats) for p in prices.packages]
    for key, ducats in offers:
        if why := unchargeable(prices.price_cents(ducats), CURRENCY):
            yield key, why
    totals = [package.total for package in prices.packages]
    for package in prices.packages:
        # A payment that names no package is recognised by its ducats.
        if totals.count(package.total) > 1:
            yield f"packages.{package.name}", "gives as many ducats as another package"
