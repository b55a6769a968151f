"""What the legacy CASCADE API sells, and the cents and metadata that it makes of a sale."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

USD_PER_DUCAT = 0.1
DUCATS_PER_USD = 1 / USD_PER_DUCAT
PACKAGES = ((100, 0), (500, 25), (1000, 75), (2500, 250), (5000, 750))
_PACKAGE_SHARE = 0.6
_BY_DOLLARS_SHARE = 0.1
_PACKAGE_WEIGHTS = (30, 28, 22, 8, 4)


@dataclass(frozen=True)
class Item:
    """So many ducats for so many US cents; `bonus` of the ducats are not paid for."""

    ducats: float
    cents: int
    bonus: int = 0


def package(base: int, bonus: int) -> Item:
    """A package: `base` ducats at the full price and some on top."""
    return Item(float(base + bonus), _cents(base), bonus)


def custom(ducats: float) -> Item:
    """Any number of ducats at the plain rate."""
    return Item(float(ducats), _cents(ducats))


def any_item(random: Random) -> Item:
    """What people choose: mostly packages, else 10 to 10000 ducats, small amounts more often."""
    if random.random() < _PACKAGE_SHARE:
        (chosen,) = random.choices(PACKAGES, _PACKAGE_WEIGHTS)
        return package(*chosen)
    return odd_item(random)


def odd_item(random: Random) -> Item:
    """A custom amount, now and then one that comes from a round sum of dollars."""
    amount = 10 * 10 ** (3 * random.random() ** 1.4)
    if random.random() < _BY_DOLLARS_SHARE:
        dollars = round(amount * USD_PER_DUCAT, 2)
        # The API multiplies floats, and passes on what that gives.
        return Item(dollars * DUCATS_PER_USD, int(dollars * 100))
    return custom(round(amount))


def with_bonus(random: Random) -> Item:
    """One of the packages that have a bonus."""
    return package(*random.choice(PACKAGES[1:]))


def metadata(citizen: str, ducats: float) -> dict[str, str]:
    """What the API attaches to the PaymentIntent."""
    return {
        "citizen_id": citizen,
        "ducat_amount": str(ducats),
        "exchange_rate": str(USD_PER_DUCAT),
        "platform": "cascade",
        "type": "ducat_purchase",
    }


def _cents(ducats: float) -> int:
    # Truncation, as the API does it: 19.9 * 100 is 1989.9999999999998.
    return int(round(ducats * USD_PER_DUCAT, 2) * 100)
