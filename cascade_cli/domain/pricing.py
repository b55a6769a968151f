"""What ducats cost, and whether a charge paid for all that it names.

Decimals throughout. A price is ducats × rate, rounded half up to whole cents: at most half a cent
off either way, and never so low that the sale would be judged underpaid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from cascade_cli.domain.charges import Charge
from cascade_cli.domain.money import ZERO, exactly, format_ducats, format_money

CURRENCY = "usd"
ROUNDING = "half up to whole cents"
# The older payment API truncated float dollars x 100, which can lose one cent.
TRUNCATION_CENTS = 1
# Stripe takes no charge in US dollars below or above these.
SMALLEST_CHARGE_CENTS = 50
LARGEST_CHARGE_CENTS = 99_999_999


@dataclass(frozen=True)
class Package:
    """So many ducats at the list's rate, and a `bonus` of ducats on top that nobody pays for."""

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

    @property
    def ducats(self) -> Decimal:
        """The ducats that the buyer gets."""
        with exactly():
            return self.ducats_paid + self.bonus

    @property
    def description(self) -> str:
        """For people: `500 ducats at 0.10 USD and 25 on top`."""
        on_top = f" and {format_ducats(self.bonus)} on top" if self.bonus else ""
        return f"{format_ducats(self.ducats_paid)} ducats at {self.rate} USD{on_top}"


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

    Rates are in US dollars per ducat; the defaults are the design document's. Raises
    PriceListError where the values contradict each other or no card could be charged.
    """

    rate: Decimal = Decimal("0.10")
    lowest_rate: Decimal = Decimal("0.05")
    highest_rate: Decimal = Decimal("0.50")
    packages: tuple[Package, ...] = DESIGN_PACKAGES
    custom_minimum: Decimal = Decimal(10)
    custom_maximum: Decimal = Decimal(10_000)

    def __post_init__(self) -> None:
        for key, why in _flaws(self):
            raise PriceListError(key, why)

    def price_cents(self, ducats: Decimal) -> int:
        """The price of so many paid ducats."""
        with exactly():
            return int((ducats * self.rate * 100).to_integral_value(ROUND_HALF_UP))

    def quote(self, *, ducats: Decimal | None = None, package: str | None = None) -> Quote:
        """The offer for an amount or a package, exactly one of them.

        Raises ValueError, saying what is on offer.
        """
        if (ducats is None) == (package is None):
            raise ValueError("a purchase names either an amount of ducats or a package")
        if ducats is None:
            chosen = self._package(package or "")
            return self._offer(chosen.ducats, chosen.bonus, chosen.name)
        if not self.custom_minimum <= ducats <= self.custom_maximum:
            raise ValueError(
                f"{format_ducats(ducats)} ducats are not sold: an amount lies between "
                f"{format_ducats(self.custom_minimum)} and {format_ducats(self.custom_maximum)}"
            )
        return self._offer(ducats, ZERO, None)

    def _package(self, name: str) -> Package:
        for package in self.packages:
            if package.name == name:
                return package
        names = ", ".join(package.name for package in self.packages) or "none at all"
        raise ValueError(f"there is no package {name[:40]!r}; there are {names}")

    def _offer(self, ducats: Decimal, bonus: Decimal, package: str | None) -> Quote:
        return Quote(ducats, bonus, self.price_cents(ducats), self.rate, package)

    def paid_part(self, charge: Charge) -> Decimal:
        """The charge's ducats without the bonus of the package that it names or equals."""
        ducats = charge.ducats or ZERO
        paid = [p.ducats for p in self.packages if p.total == ducats and _may_be(charge, p)]
        return min(paid, default=ducats)

    def rate_of(self, charge: Charge) -> Decimal:
        """The rate that the charge was sold at, never below the lowest the shop ever offered."""
        return max(charge.rate or self.lowest_rate, self.lowest_rate)

    def shortfall_cents(self, charge: Charge) -> int:
        """US cents missing for the ducats it names; 0 for other currencies: no rate to judge by."""
        if charge.captured_cents >= self.least_cents(charge):
            return 0
        return self._due_cents(charge) - charge.captured_cents

    def least_cents(self, charge: Charge) -> int:
        """The smallest payment that is not too little for its ducats, rate, package, currency."""
        return 0 if charge.currency != CURRENCY else self._due_cents(charge) - TRUNCATION_CENTS

    def _due_cents(self, charge: Charge) -> int:
        due = self.paid_part(charge) * self.rate_of(charge) * 100
        return int(due.to_integral_value(ROUND_FLOOR))


def _may_be(charge: Charge, package: Package) -> bool:
    """A charge names its package by name or, as the older API's packages are called, by size."""
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
        if why := _unchargeable(prices.price_cents(ducats)):
            yield key, why
    totals = [package.total for package in prices.packages]
    for package in prices.packages:
        # A payment that names no package is told by its ducats.
        if totals.count(package.total) > 1:
            yield f"packages.{package.name}", "gives as many ducats as another package"


def _unchargeable(cents: int) -> str:
    if SMALLEST_CHARGE_CENTS <= cents <= LARGEST_CHARGE_CENTS:
        return ""
    bounds = (SMALLEST_CHARGE_CENTS, LARGEST_CHARGE_CENTS)
    least, most = (format_money(bound, CURRENCY) for bound in bounds)
    return f"costs {format_money(cents, CURRENCY)}; Stripe charges {least} to {most}"
