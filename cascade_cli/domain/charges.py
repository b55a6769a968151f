"""Stripe's side: what was paid, and by whom for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from cascade_cli.domain.exchange import Exchange
from cascade_cli.domain.keys import stratagem_id_for


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's complaint at the bank; `status` is Stripe's (`needs_response`, `won`, `lost` …)."""

    id: str
    charge: str
    status: str
    reason: str
    amount_cents: int

    @property
    def is_won(self) -> bool:
        """The money came back, or never left: nothing is contested any more."""
        return self.status in {"won", "warning_closed", "prevented"}


@dataclass(frozen=True, slots=True)
class Period:
    """What a payment of an invoice was for: ducats from `since` to `until`.

    `cents` is what the ducats cost on the invoice, beside what else stands there; `bonus` are those
    of them that nobody pays for, None where only the price list tells. Each of so many `prices` was
    rounded. A subscription's price is that of the day it was `sold_on`, as long as it lasts.
    """

    since: datetime
    until: datetime
    invoice: str
    subscription: str
    cents: int
    bonus: Decimal | None = None
    prices: int = 1
    sold_on: date | None = None

    @property
    def described(self) -> str:
        """For people: `2026-11-28 to 2026-12-28 (in_…, sub_…)`."""
        ids = f"{self.invoice}, {self.subscription}" if self.subscription else self.invoice
        return f"{self.since.date()} to {self.until.date()} ({ids})"


@dataclass(frozen=True, slots=True)
class Charge:
    """A paid charge that bought ducats.

    `citizen` and `ducats` are None where the metadata named none that could be used;
    `citizen_text` and `ducats_text` are what it said. `rate` is USD per ducat, `exchange` what
    the metadata says of the exchange rate of another currency, `period` what a subscription's
    payment was for.
    """

    id: str
    payment_intent: str | None
    created_at: datetime
    captured_cents: int
    refunded_cents: int
    currency: str
    disputed: bool
    citizen: str | None
    ducats: Decimal | None
    rate: Decimal | None = None
    package: str | None = None
    citizen_text: str = ""
    ducats_text: str = ""
    exchange: Exchange | None = None
    period: Period | None = None

    @property
    def ducats_cents(self) -> int:
        """What was paid for ducats, and not for what else its invoice holds."""
        return min(self.captured_cents, self.period.cents) if self.period else self.captured_cents

    @property
    def payment_id(self) -> str:
        """What the payment is known by: its intent, else the charge itself."""
        return self.payment_intent or self.id

    @property
    def stratagem_id(self) -> str:
        """The key of the one transfer that this charge may cause."""
        return stratagem_id_for(self.payment_id)

    @property
    def is_fully_refunded(self) -> bool:
        """All of the money went back."""
        return self.refunded_cents >= self.captured_cents
