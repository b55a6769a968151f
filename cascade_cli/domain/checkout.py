"""A sale by link: what is sold to whom, and the page on which it is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cascade_cli.domain.pricing import Quote


@dataclass(frozen=True)
class Sale:
    """What a page sells to whom, and where it leads afterwards.

    `monthly_from` is the day on which it is sold every month from now on, at that day's price;
    None where it is sold once.
    """

    citizen: str
    quote: Quote
    success_url: str
    cancel_url: str
    monthly_from: date | None = None


@dataclass(frozen=True)
class Page:
    """A payable page: a Checkout Session at Stripe, open until `expires_at`."""

    id: str
    url: str
    expires_at: datetime
    livemode: bool
