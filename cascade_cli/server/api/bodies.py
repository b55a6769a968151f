"""What the payment API's routes take and answer, as their OpenAPI description shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from cascade_cli.adapters.stripe.purchase_parser import (
    CITIZEN,
    CURRENCY_RATE,
    CURRENCY_RATE_DATE,
    DUCATS,
    PACKAGE,
    gift_of,
    sealed_in,
)
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.gifts import MOST_CHARACTERS, Gift
from cascade_cli.domain.selling.allocation import MOST_CITIZENS, Share
from cascade_cli.domain.selling.pricing import Quote
from cascade_cli.domain.selling.sales import PaymentIntent, PayPage
from cascade_cli.domain.shop.money import CURRENCY, MAX_DECIMALS, format_ducats, rounding_of
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.services.selling.payment_sales import Purchase
from cascade_cli.services.selling.payment_status import PaymentStatus, Transfer
from cascade_cli.services.selling.price_quotes import PriceQuotes

# As text: many readers of JSON take a number for a float, which does not keep every digit.
Ducats = Annotated[Decimal, PlainSerializer(format_ducats, return_type=str)]
CODE_PATTERN = "^[A-Za-z]{3}$"
CURRENCY_RATE_MEANING = "Units of the currency for one US dollar; null for US dollars."
Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]


class ShareOf(BaseModel):
    """One citizen's part of a payment for many."""

    model_config = ConfigDict(extra="forbid")

    citizen_id: str = Field(
        min_length=1, max_length=200, description="Exactly as Venice spells the Username."
    )
    ducat_amount: Decimal = Field(gt=0, max_digits=21, decimal_places=MAX_DECIMALS)


class CreateIntent(BaseModel):
    """A purchase: an amount of ducats or a package for one citizen, or an allocation for many."""

    # Pydantic would ignore a misspelt field: a gift would be sold without its giver.
    model_config = ConfigDict(extra="forbid")

    citizen_id: str | None = Field(
        None, min_length=1, max_length=200, description="Exactly as Venice spells the Username."
    )
    allocation: list[ShareOf] | None = Field(
        None,
        min_length=1,
        max_length=MOST_CITIZENS,
        description="In place of citizen_id: one entry for each of many citizens.",
    )
    ducat_amount: Decimal | None = Field(
        None, gt=0, max_digits=21, decimal_places=MAX_DECIMALS, description="Ducats, paid in full."
    )
    package: str | None = Field(None, max_length=40, description="A package of the price list.")
    amount_cents: int | None = Field(
        None,
        ge=0,
        le=10**12,
        description="What the buyer was shown, in minor units; refused if it is not the price.",
    )

    currency: str = Field(CURRENCY, pattern=CODE_PATTERN, description="A currency that is sold in.")
    giver_id: str | None = Field(
        None, min_length=1, max_length=200, description="Who pays, if it is a gift to citizen_id."
    )
    gift_message: str | None = Field(
        None, max_length=MOST_CHARACTERS, description="For the recipient: one line of plain text."
    )
    gift_anonymous: bool = Field(
        default=False, description="The recipient and other citizens do not learn who gave it."
    )

    def purchase(self) -> Purchase:
        """For the service."""
        return Purchase(
            self.citizen_id,
            self.ducat_amount,
            self.package,
            self.amount_cents,
            self.currency.lower(),
            tuple(Share(one.citizen_id, one.ducat_amount) for one in self.allocation or ()),
            self.giver_id,
            self.gift_message,
            self.gift_anonymous,
        )


class GiftTold(BaseModel):
    """A gift; without its giver if the giver stays anonymous."""

    giver_id: str | None
    message: str
    anonymous: bool

    @classmethod
    def of(cls, gift: Gift | None, *, to_giver: bool = False) -> GiftTold | None:
        """The gift as one of the two may see it: the giver always learns who gave it."""
        if gift is None:
            return None
        giver = gift.giver if to_giver else gift.named_giver
        return cls(giver_id=giver, message=gift.message, anonymous=gift.anonymous)


class CreatedIntent(BaseModel):
    """A PaymentIntent to be confirmed by the buyer's browser with its client secret."""

    payment_intent_id: str
    client_secret: str
    status: str
    amount_cents: int
    currency: str
    citizen_id: str | None
    allocated: int | None = Field(description="For how many citizens; null for one citizen_id.")
    ducat_amount: Ducats
    bonus_ducats: Ducats
    exchange_rate: str
    currency_rate: str | None = Field(description=CURRENCY_RATE_MEANING)
    currency_rate_date: date | None
    package: str | None
    gift: GiftTold | None

    @classmethod
    def of(cls, intent: PaymentIntent, quote: Quote) -> CreatedIntent:
        """From the service's answer."""
        return cls(
            payment_intent_id=intent.id,
            client_secret=intent.client_secret,
            status=intent.status,
            amount_cents=intent.amount_cents,
            currency=intent.currency,
            citizen_id=intent.metadata.get(CITIZEN),
            allocated=seal.count if (seal := sealed_in(intent.metadata)) else None,
            ducat_amount=quote.ducats,
            bonus_ducats=quote.bonus,
            exchange_rate=str(quote.rate),
            currency_rate=quote.exchange.number if quote.exchange else None,
            currency_rate_date=quote.exchange.day if quote.exchange else None,
            package=quote.package,
            gift=GiftTold.of(gift_of(intent.metadata), to_giver=True),
        )


class CreatedSubscription(BaseModel):
    """Stripe's page on which the buyer subscribes; nothing is sold before that."""

    checkout_session: str
    url: str = Field(description="The page to send the buyer to.")
    expires_at: Moment
    amount_cents: int = Field(description="A month.")
    currency: str
    citizen_id: str
    ducat_amount: Ducats
    bonus_ducats: Ducats
    exchange_rate: str
    currency_rate: str | None = Field(description=CURRENCY_RATE_MEANING)
    currency_rate_date: date | None
    package: str | None

    @classmethod
    def of(cls, citizen: str, page: PayPage, quote: Quote) -> CreatedSubscription:
        """From the service's answer."""
        return cls(
            checkout_session=page.id,
            url=page.url,
            expires_at=page.expires_at,
            amount_cents=quote.amount_cents,
            currency=quote.currency,
            citizen_id=citizen,
            ducat_amount=quote.ducats,
            bonus_ducats=quote.bonus,
            exchange_rate=str(quote.rate),
            currency_rate=quote.exchange.number if quote.exchange else None,
            currency_rate_date=quote.exchange.day if quote.exchange else None,
            package=quote.package,
        )


class TransferState(BaseModel):
    """The transfer in Venice: `none`, `live` (the engine takes it at its next run), `executed`,
    `stalled`, `failed`, `doubtful`, or `unknown` while Venice cannot be read."""

    state: str
    stratagem_id: str | None = None
    executed_at: Moment | None = None
    expires_at: Moment | None = None
    event: str | None = Field(None, description="Where the payment's webhook event stands.")


class PortionState(BaseModel):
    """One citizen of a payment for many."""

    citizen_id: str | None
    ducat_amount: Ducats | None
    transfer: TransferState


class IntentState(BaseModel):
    """A payment at Stripe and its transfer in Venice. For a payment to many citizens, `transfer` is
    the one that has come least far, and `allocation` has all of them once it is paid."""

    payment_intent_id: str
    status: str
    amount_cents: int = Field(description="What was asked for.")
    captured_cents: int = Field(description="The part of it that was captured; 0 until it is paid.")
    refunded_cents: int = Field(description="The part of captured_cents that was refunded.")
    currency: str
    created_at: Moment
    citizen_id: str | None
    ducat_amount: str | None
    package: str | None
    currency_rate: str | None
    currency_rate_date: str | None
    gift: GiftTold | None
    transfer: TransferState
    allocation: list[PortionState] | None = None

    @classmethod
    def of(cls, status: PaymentStatus) -> IntentState:
        """From the service's answer."""
        intent, told = status.intent, _metadata_of(status.intent)
        return cls(
            payment_intent_id=intent.id,
            status=intent.status,
            amount_cents=intent.amount_cents,
            captured_cents=intent.charges[0].captured_cents if intent.charges else 0,
            refunded_cents=intent.charges[0].refunded_cents if intent.charges else 0,
            currency=intent.currency,
            created_at=intent.created_at,
            citizen_id=told.get(CITIZEN),
            ducat_amount=told.get(DUCATS),
            package=told.get(PACKAGE),
            currency_rate=told.get(CURRENCY_RATE),
            currency_rate_date=told.get(CURRENCY_RATE_DATE),
            transfer=_transfer(status.transfer),
            allocation=[
                PortionState(
                    citizen_id=charge.citizen,
                    ducat_amount=charge.ducats,
                    transfer=_transfer(transfer),
                )
                for charge, transfer in status.portions
            ]
            or None,
            gift=GiftTold.of(only.gift if (only := _only(intent)) else gift_of(intent.metadata)),
        )


def _only(intent: PaymentIntent) -> Charge | None:
    """The charge, if it is for one citizen."""
    return intent.charges[0] if len(intent.charges) == 1 else None


def _metadata_of(intent: PaymentIntent) -> Mapping[str, str]:
    """The intent's metadata, or what is known of its one citizen: the payment of an invoice has no
    metadata of its own."""
    charge = _only(intent)
    if charge is None or DUCATS in intent.metadata:
        return intent.metadata
    known = {
        CITIZEN: charge.citizen_text,
        DUCATS: format_ducats(charge.ducats) if charge.ducats else "",
        PACKAGE: charge.package or "",
        CURRENCY_RATE: charge.exchange.number if charge.exchange else "",
        CURRENCY_RATE_DATE: charge.exchange.day.isoformat() if charge.exchange else "",
    }
    return {**{name: text for name, text in known.items() if text}, **intent.metadata}


def _transfer(transfer: Transfer) -> TransferState:
    row = transfer.row
    return TransferState(
        state=transfer.state,
        stratagem_id=row.stratagem_id if row else None,
        executed_at=row.executed_at if row else None,
        expires_at=row.expires_at if row else None,
        event=transfer.event.value if transfer.event else None,
    )


class PackageOffer(BaseModel):
    """A package: what the buyer gets, and how much of that is a bonus."""

    name: str
    ducats: Ducats
    bonus_ducats: Ducats
    amount_cents: int


class Pricing(BaseModel):
    """The price list of today; the exchange_rate is in US dollars per ducat."""

    currency: str
    currencies: list[str] = Field(description="All that are offered.")
    exchange_rate: str
    currency_rate: str | None = Field(description=CURRENCY_RATE_MEANING)
    currency_rate_date: date | None
    rounding: str
    packages: list[PackageOffer]
    custom: dict[str, Any]

    @classmethod
    def of(cls, price_quotes: PriceQuotes, currency: str) -> Pricing:
        """From the list. Raises UsageError or NoRateError."""
        exchange, prices = price_quotes.exchange(currency), price_quotes.in_force()
        return cls(
            currency=currency,
            currencies=[CURRENCY, *prices.currencies],
            exchange_rate=str(prices.rate),
            currency_rate=exchange.number if exchange else None,
            currency_rate_date=exchange.day if exchange else None,
            rounding=rounding_of(currency),
            packages=[
                PackageOffer(
                    name=p.name,
                    ducats=p.total,
                    bonus_ducats=p.bonus,
                    amount_cents=prices.price_cents(p.ducats, currency, exchange),
                )
                for p in prices.packages
            ],
            custom={
                "minimum_ducats": format_ducats(prices.custom_minimum),
                "maximum_ducats": format_ducats(prices.custom_maximum),
            },
        )


class Received(BaseModel):
    """The event is kept; `new` is false if it was kept before."""

    received: bool = True
    new: bool
