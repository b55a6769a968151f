"""What ducats cost, and whether a charge paid for all that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from cascade_cli.domain.charges import Charge
from cascade_cli.domain.money import ZERO

# The older payment API truncated float dollars x 100, which can lose one cent.
TRUNCATION_CENTS = 1


@dataclass(frozen=True)
class PriceList:
    """Rates in USD per ducat; `bonus` maps a package's paid ducats to those given on top."""

    rate: Decimal = Decimal("0.10")
    lowest_rate: Decimal = Decimal("0.05")
    bonus: Mapping[Decimal, Decimal] = field(
        default_factory=lambda: {
            Decimal(500): Decimal(25),
            Decimal(1000): Decimal(75),
            Decimal(2500): Decimal(250),
            Decimal(5000): Decimal(750),
        }
    )

    def paid_part(self, charge: Charge) -> Decimal:
        """The charge's ducats without the bonus of the package that it names or equals."""
        ducats = charge.ducats or ZERO
        for paid, bonus in self.bonus.items():
            if ducats == paid + bonus and charge.package in {None, f"{paid:f}"}:
                return paid
        return ducats

    def rate_of(self, charge: Charge) -> Decimal:
        """The rate that the charge was sold at, never below the lowest the shop ever offered."""
        return max(charge.rate or self.lowest_rate, self.lowest_rate)

    def shortfall_cents(self, charge: Charge) -> int:
        """US cents missing for the ducats it names; 0 for other currencies: no rate to judge by."""
        if charge.currency != "usd":
            return 0
        due = self.paid_part(charge) * self.rate_of(charge) * 100
        due_cents = int(due.to_integral_value(ROUND_FLOOR))
        missing_cents = due_cents - charge.captured_cents
        return missing_cents if missing_cents > TRUNCATION_CENTS else 0
