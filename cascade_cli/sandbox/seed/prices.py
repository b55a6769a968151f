"""What the legacy CASCADE API sells, and the price and metadata that it gives a sale."""

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
    """What is sold: `ducats` for `cents` US cents. `bonus` of the ducats are free."""

    ducats: float
    cents: int
    bonus: int = 0


def package(base: int, bonus: int) -> Item:
    """A package: `base` ducats at the full price, plus `bonus` free ones."""
    return Item(float(base + bonus), _cents(base), bonus)


def custom(ducats: float) -> Item:
    """Any number of ducats at the full price."""
    return Item(float(ducats), _cents(ducats))


def any_item(random: Random) -> Item:
    """A random choice: mostly packages, otherwise 10 to 10,000 ducats, more often small amounts."""
    if random.random() < _PACKAGE_SHARE:
        (chosen,) = random.choices(PACKAGES, _PACKAGE_WEIGHTS)
        return package(*chosen)
    return odd_item(random)


def odd_item(random: Random) -> Item:
    """A custom amount; one in ten is computed from an amount in dollars."""
    amount = 10 * 10 ** (3 * random.random() ** 1.4)
    if random.random() < _BY_DOLLARS_SHARE:
        dollars = round(amount * USD_PER_DUCAT, 2)
        # The API multiplies floats and does not round the result.
        return Item(dollars * DUCATS_PER_USD, int(dollars * 100))
    return custom(round(amount))


def with_bonus(random: Random) -> Item:
    """A random package that has a bonus."""
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
    # Truncate, as the API does: 19.9 * 100 is 1989.9999999999998.
    return int(round(ducats * USD_PER_DUCAT, 2) * 100)
