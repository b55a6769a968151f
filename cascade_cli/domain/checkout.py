"""A sale by link: what is sold to whom, and the page on which it is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cascade_cli.domain.gifts import Gift
from cascade_cli.domain.pricing import Quote


@dataclass(frozen=True)
class Sale:
    """What a page sells to whom, and where it leads afterwards; a `gift` is paid by another."""

    citizen: str
    quote: Quote
    success_url: str
    cancel_url: str
    gift: Gift | None = None

    @property
    def recipient(self) -> str:
        """For people: for whom it is."""
        return f"{self.citizen}, a gift" if self.gift else self.citizen


@dataclass(frozen=True)
class Page:
    """A payable page: a Checkout Session at Stripe, open until `expires_at`."""

    id: str
    url: str
    expires_at: datetime
    livemode: bool
