"""A sale: what is sold to whom, and the page or PaymentIntent that takes the payment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.selling.allocation import Allocation
from cascade_cli.domain.selling.pricing import Quote


@dataclass(frozen=True)
class Sale:
    """What a page sells to whom, and where it leads afterwards.

    Somebody else pays for a `gift`. With an `allocation` the sale is for many, and `citizen` is
    empty. `monthly_from` is the day from which it is sold every month, at that day's price; None if
    it is sold once.
    """

    citizen: str
    quote: Quote
    success_url: str
    cancel_url: str
    allocation: Allocation | None = None
    gift: Gift | None = None
    monthly_from: date | None = None

    @property
    def citizens(self) -> tuple[str, ...]:
        """Everybody who is to be credited."""
        shares = self.allocation.shares if self.allocation else ()
        return tuple(share.citizen for share in shares) or (self.citizen,)

    @property
    def named(self) -> tuple[str, ...]:
        """Everybody who has to exist: the citizens, and the giver of a gift."""
        return (*self.citizens, *([self.gift.giver] if self.gift else []))

    @property
    def whom(self) -> str:
        """The recipients, for people."""
        if self.allocation:
            return f"{len(self.citizens)} citizens"
        return f"{self.citizen}, a gift" if self.gift else self.citizen


@dataclass(frozen=True)
class PayPage:
    """A payable page: a Checkout Session at Stripe, open until `expires_at`."""

    id: str
    url: str
    expires_at: datetime
    livemode: bool


@dataclass(frozen=True)
class PaymentIntent:
    """A PaymentIntent at Stripe.

    `charges` is its paid charge, once there is one; for a payment for many citizens, one for each
    (see `Charge`). Anybody who has the `client_secret` can pay with it, so it is for the buyer
    alone.
    """

    id: str
    status: str
    amount_cents: int
    currency: str
    created_at: datetime
    metadata: dict[str, str]
    client_secret: str = field(repr=False)
    charges: tuple[Charge, ...] = ()
    is_purchase: bool = False
    """It says itself that it buys ducats. Others may buy them too, by an invoice."""
