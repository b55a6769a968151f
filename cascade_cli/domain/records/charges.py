"""Stripe's side: what was paid, and by whom for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.domain.shop.keys import stratagem_id_for, whole_id
from cascade_cli.domain.shop.money import format_money

MINTS = "Venice's engine would mint the ducats that the processor pays to itself"


# While the payer's bank has not decided for the first time, nobody knows whose the money is.
_FIRST_ROUND = frozenset(
    {"warning_needs_response", "warning_under_review", "needs_response", "under_review"}
)
_OURS = frozenset({"won", "warning_closed"})
_CLOSED = frozenset({"lost", "prevented"})
_GOING_BACK = frozenset({"succeeded", "pending"})


@dataclass(frozen=True, slots=True)
class Refund:
    """Money of one charge on its way back to the payer, there, or not: `status` is Stripe's.

    `has_left` says whether it left our balance and did not come back, whatever the status is; it
    is None where Stripe does not tell. A dispute counts as a refund with its own id.
    """

    id: str
    status: str
    amount_cents: int
    created_at: datetime
    failure: str = ""
    has_left: bool | None = None

    @property
    def age(self) -> tuple[datetime, str]:
        """Sorts the oldest first, and always alike."""
        return self.created_at, self.id

    @property
    def money_is_gone(self) -> bool:
        """Whether the money has left the shop and has not come back."""
        return self.status in _GOING_BACK if self.has_left is None else self.has_left


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's complaint at the bank; `status` is Stripe's (`needs_response`, `won`, `lost` …).

    `taken_cents` is what it took of the charge's money and has not returned, by its own balance
    transactions; None where Stripe does not tell of them. All cents are in the charge's currency.
    """

    id: str
    charge: str
    status: str
    reason: str
    amount_cents: int
    taken_cents: int | None = None
    created_at: datetime | None = None

    @property
    def cents_gone(self) -> int:
        """The charge's money that is gone because of it, decided or not."""
        if self.taken_cents is None:
            return self.amount_cents if self.status == "lost" else 0
        return max(self.taken_cents, 0)

    @property
    def is_open(self) -> bool:
        """Nobody can say yet whose the money is. A dispute that was won is open until the money is
        back. An appeal, or a status that nobody has heard of, counts as lost while the money is
        gone."""
        if self.status in _FIRST_ROUND or self.awaits_money:
            return True
        return self.status not in _OURS | _CLOSED and not self.cents_gone

    @property
    def awaits_money(self) -> bool:
        """It was won, and what it took is not back yet."""
        return self.status in _OURS and self.cents_gone > 0


@dataclass(frozen=True, slots=True)
class Portion:
    """One citizen's part of a charge for many: the `number`th `of` so many.

    `whole_ducats` were bought with all of the money; `cents` is this part's share of it, for show:
    the shares of all portions are together what was captured, to the cent.
    """

    number: int
    of: int
    whole_ducats: Decimal
    cents: int


@dataclass(frozen=True, slots=True)
class PeriodGood:
    """One product on an invoice: a month of it gives `paid` ducats and `bonus` on top, and the
    invoice has so many months of it, its `share`."""

    paid: Decimal
    bonus: Decimal
    share: Fraction


@dataclass(frozen=True, slots=True)
class Period:
    """What a payment of an invoice was for: ducats from `since` to `until`.

    `cents` is what the ducats cost on the invoice, beside what else stands there; `bonus` are those
    of them that nobody pays for, None where only the price list tells; `goods` say what each
    product gives. Each of so many `prices` was rounded. A subscription's price is that of the day
    it was `sold_on`, as long as it lasts.
    """

    since: datetime
    until: datetime
    invoice: str
    subscription: str
    cents: int
    bonus: Decimal | None = None
    prices: int = 1
    sold_on: date | None = None
    goods: tuple[PeriodGood, ...] = ()

    @property
    def described(self) -> str:
        """For people: `2026-11-28 to 2026-12-28 (in_…, sub_…)`."""
        ids = f"{self.invoice}, {self.subscription}" if self.subscription else self.invoice
        return f"{self.since.date()} to {self.until.date()} ({ids})"


@dataclass(frozen=True, slots=True)
class Charge:
    """A paid charge that bought ducats.

    `citizen` and `ducats` are None where the metadata named none that could be used, such as the
    payment processor;
    `citizen_text` and `ducats_text` are what it said. `rate` is USD per ducat, `exchange` what
    the metadata says of the exchange rate of another currency, `gift` what it says of a giver,
    `period` what a subscription's payment was for. `refunded_cents` is what its `refunds` sent
    back: neither the rest of an authorisation that was not captured, nor what has not left yet.

    Of a payment for many there is one for each citizen, its `portion`: `id` then has the portion's
    number behind it, `ducats` are its own, and the cents are those of the whole, in proportion to
    which the ducats stay or go back. `unallocated` says why nobody knows which citizens a payment
    is for, although it was sold for many.
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
    portion: Portion | None = None
    unallocated: str = ""
    gift: Gift | None = None
    period: Period | None = None
    refunds: tuple[Refund, ...] = ()

    @property
    def names_processor(self) -> bool:
        """Its metadata names a citizen who can receive nothing: the payment processor itself."""
        return self.citizen is None and bool(self.citizen_text.strip())

    @property
    def lacks(self) -> str:
        """Why nobody can be credited by what it says."""
        if self.names_processor:
            return f"it is for {self.citizen_text!r} itself: {MINTS}"
        return "it names no usable citizen or amount of ducats"

    @property
    def ducats_cents(self) -> int:
        """What was paid for ducats, and not for what else its invoice holds."""
        return min(self.captured_cents, self.period.cents) if self.period else self.captured_cents

    @property
    def payment_id(self) -> str:
        """What the payment is known by: its intent, else the charge itself; a portion's number
        stands behind it."""
        return (self.payment_intent or self.charge_id) + self.suffix

    @property
    def charge_id(self) -> str:
        """What Stripe knows the charge by."""
        return whole_id(self.id) if self.portion else self.id

    @property
    def suffix(self) -> str:
        """Behind each id that stands for this portion only; empty where there is no other."""
        return f".{self.portion.number}" if self.portion else ""

    @property
    def names(self) -> tuple[str, ...]:
        """All ids that mean it: its own, and those of the payment that it is a portion of."""
        if self.portion is None:
            return (self.payment_id, self.id)
        whole = self.payment_intent or self.charge_id
        return (self.payment_id, self.id, whole, self.charge_id)

    @property
    def own_cents(self) -> int:
        """The money for its ducats alone."""
        return self.portion.cents if self.portion else self.captured_cents

    @property
    def own_money(self) -> str:
        """The same for people: `49.99 USD`."""
        return format_money(self.own_cents, self.currency)

    @property
    def own_refunded_cents(self) -> int:
        """What of that went back by refunds."""
        return self.own_share_of(self.refunded_cents)

    def own_share_of(self, cents: int) -> int:
        """Of a portion its share of the whole's, for show."""
        if self.portion is None:
            return cents
        return cents * self.portion.cents // max(self.captured_cents, 1)

    @property
    def stratagem_id(self) -> str:
        """The key of the one transfer that this charge may cause."""
        return stratagem_id_for(self.payment_id)

    def gift_to(self, citizen: str | None) -> Gift | None:
        """The gift, unless it was that citizen who gave: a person may have put another recipient
        in the place of the one whom the payment names."""
        return None if self.gift is None or self.gift.giver == citizen else self.gift

    @property
    def is_fully_refunded(self) -> bool:
        """All of the money went back."""
        return self.refunded_cents >= self.captured_cents


@dataclass
class Listing:
    """What a listing of charges held: the paid purchases of ducats, and how many others.

    A payment for many citizens is a charge for each of them. `pending` are those unpaid ones that
    may still become paid, and when they were created.
    """

    charges: list[Charge] = field(default_factory=list)
    other_products: int = 0
    unpaid: int = 0
    pending: dict[str, datetime] = field(default_factory=dict)
