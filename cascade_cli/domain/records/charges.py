"""Stripe's side: what was paid, by whom, and for which citizen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.domain.shop.keys import DISPUTE_PREFIXES, stratagem_id_for, whole_id
from cascade_cli.domain.shop.money import format_money

MINTS = "Venice's engine would mint the ducats that the processor pays to itself"


# Nobody has decided yet whose the money is. Before an appeal, the bank has decided once.
_UNDECIDED = frozenset(
    {"warning_needs_response", "warning_under_review", "needs_response", "under_review"}
)
_OURS = frozenset({"won", "warning_closed"})
_DECIDED = _OURS | {"lost", "prevented"}
# In these states of a refund, its money has left the shop, if Stripe does not say otherwise.
_MONEY_GONE = frozenset({"succeeded", "pending"})


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund of one charge, in whatever state.

    `status` is Stripe's word. `has_left` says whether the money left our balance and did not come
    back, whatever the status; None if Stripe does not say. A dispute counts as a refund with its
    own id.
    """

    id: str
    status: str
    amount_cents: int
    created_at: datetime
    failure: str = ""
    has_left: bool | None = None

    @property
    def age(self) -> tuple[datetime, str]:
        """Sort key: the oldest first, and always in the same order."""
        return self.created_at, self.id

    @property
    def is_dispute(self) -> bool:
        """The payer got the money by a dispute."""
        return self.id.startswith(DISPUTE_PREFIXES)

    @property
    def money_is_gone(self) -> bool:
        """Whether the money has left the shop and has not come back."""
        return self.status in _MONEY_GONE if self.has_left is None else self.has_left


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's complaint at the bank; `status` is Stripe's (`needs_response`, `won`, `lost` …).

    `taken_cents` is what the dispute took of the charge's money and has not returned, by its own
    balance transactions; None if Stripe does not show them. All cents are in the charge's currency.
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
        """The charge's money that is gone because of the dispute, decided or not."""
        if self.taken_cents is None:
            return self.amount_cents if self.status == "lost" else 0
        return max(self.taken_cents, 0)

    @property
    def is_undecided(self) -> bool:
        """Nobody can say yet whose the money is.

        A won dispute stays so until the money is back. An appeal, or an unknown status, counts as
        lost while the money is gone.
        """
        if self.status in _UNDECIDED or self.awaits_money:
            return True
        return self.status not in _DECIDED and not self.cents_gone

    @property
    def is_reviewed(self) -> bool:
        """The shop has answered, and the bank is deciding."""
        return self.status.endswith("under_review")

    @property
    def awaits_money(self) -> bool:
        """It was won, but the money that it took is not back yet."""
        return self.status in _OURS and self.cents_gone > 0


@dataclass(frozen=True, slots=True)
class Portion:
    """One citizen's part of a charge for many: number `number` of `of`.

    `whole_ducats` were bought with all of the money. `cents` is this part's share of the money, for
    display only. The shares of all portions add up to what was captured, to the cent.
    """

    number: int
    of: int
    whole_ducats: Decimal
    cents: int


@dataclass(frozen=True, slots=True)
class PeriodGood:
    """One product on an invoice: a month of it gives `paid` ducats and `bonus` on top. `share` is
    how many months of it the invoice contains."""

    paid: Decimal
    bonus: Decimal
    share: Fraction


@dataclass(frozen=True, slots=True)
class Period:
    """What a payment of an invoice was for: ducats from `since` to `until`.

    `cents` is what the ducats cost on the invoice, without its other items. `bonus` is how many of
    the ducats nobody pays for, None if only the price list tells; `goods` say what each product
    gives. `prices` is how many prices were rounded. A subscription keeps the price of the day it
    was `sold_on`.
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

    `citizen` and `ducats` are None if the metadata names none that can be used; the payment
    processor is not a usable citizen. `citizen_text` and `ducats_text` are the metadata's own
    words. `rate` is USD per ducat, `exchange` the exchange rate that the metadata gives for another
    currency, `gift` what it says of a giver, `period` what a subscription's payment was for.
    `refunded_cents` is what its `refunds` sent back. It includes neither the part of an
    authorisation that was not captured, nor refunds that have not left yet.

    A payment for many citizens becomes one charge for each, with its `portion`. Then `id` ends in
    the portion's number, and `ducats` are the portion's own. The cents are those of the whole
    payment: the ducats stay or go back in proportion to them. `unallocated` says why nobody knows
    which citizens a payment is for, although it was sold for many.
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
        """Why nobody can be credited from what the charge says."""
        if self.names_processor:
            return f"it is for {self.citizen_text!r} itself: {MINTS}"
        return "it does not say who gets the ducats, or how many"

    @property
    def ducats_cents(self) -> int:
        """What was paid for ducats, without the invoice's other items."""
        return min(self.captured_cents, self.period.cents) if self.period else self.captured_cents

    @property
    def payment_id(self) -> str:
        """The id of the payment: its intent, or the charge if it has none. A portion's number is
        appended."""
        return (self.payment_intent or self.charge_id) + self.suffix

    @property
    def charge_id(self) -> str:
        """Stripe's id of the charge."""
        return whole_id(self.id) if self.portion else self.id

    @property
    def suffix(self) -> str:
        """What ends every id that stands for this portion only; empty if the charge is not a
        portion."""
        return f".{self.portion.number}" if self.portion else ""

    @property
    def names(self) -> tuple[str, ...]:
        """All ids that mean this charge: its own, and those of the payment of which it is a
        portion."""
        if self.portion is None:
            return (self.payment_id, self.id)
        whole = self.payment_intent or self.charge_id
        return (self.payment_id, self.id, whole, self.charge_id)

    @property
    def own_cents(self) -> int:
        """The money for this charge's own ducats."""
        return self.portion.cents if self.portion else self.captured_cents

    @property
    def own_money(self) -> str:
        """The same for people: `49.99 USD`."""
        return format_money(self.own_cents, self.currency)

    @property
    def own_refunded_cents(self) -> int:
        """How much of that money refunds sent back."""
        return self.own_share_of(self.refunded_cents)

    def own_share_of(self, cents: int) -> int:
        """A portion's share of some of the whole payment's cents, for display; all of them for a
        whole payment."""
        if self.portion is None:
            return cents
        return cents * self.portion.cents // max(self.captured_cents, 1)

    @property
    def stratagem_id(self) -> str:
        """The key of the one transfer that this charge may cause."""
        return stratagem_id_for(self.payment_id)

    def gift_to(self, citizen: str | None) -> Gift | None:
        """The gift, unless that citizen is the giver: a person may have replaced the recipient whom
        the payment names."""
        return None if self.gift is None or self.gift.giver == citizen else self.gift

    @property
    def is_fully_refunded(self) -> bool:
        """All of the money went back."""
        return self.refunded_cents >= self.captured_cents


@dataclass
class Listing:
    """What a listing of charges contained: the paid purchases of ducats, and how many others.

    A payment for many citizens is one charge for each. `pending` maps unpaid charges that may still
    be paid to when they were created.
    """

    charges: list[Charge] = field(default_factory=list)
    other_products: int = 0
    unpaid: int = 0
    pending: dict[str, datetime] = field(default_factory=dict)
