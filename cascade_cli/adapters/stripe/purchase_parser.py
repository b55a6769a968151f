"""Read from a Stripe charge what it sold, and whether it is a paid purchase of ducats.

A split payment's metadata has one key with a seal (how many citizens, how many ducats, the digest),
and more keys with pieces of the allocation, if they fit. `citizen_id` and `ducat_amount` are left
out. So an older webhook, which knows nothing of allocations, finds nobody to credit, instead of
crediting one citizen with everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from cascade_cli.adapters.stripe.documents import Document
from cascade_cli.adapters.stripe.money_moved import stated_refunded_cents, to_refunds
from cascade_cli.domain.explain.story import SessionSale
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.refunds.money_back import refunded_cents
from cascade_cli.domain.selling.allocation import (
    MOST_PIECES,
    Allocation,
    Seal,
    pieces_of,
    portions_of,
    read_allocation,
)
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.domain.shop.money import format_ducats, read_ducats

# What the payment API writes into a PaymentIntent's metadata; Stripe copies it to the charge.
CITIZEN, DUCATS, RATE, PACKAGE = "citizen_id", "ducat_amount", "exchange_rate", "package"
# Only for a sale in another currency: its units for one US dollar, and the day of that rate.
CURRENCY_RATE, CURRENCY_RATE_DATE = "currency_rate", "currency_rate_date"
# Only for a gift. `citizen_id` is still the recipient, so that older readers credit the right one.
GIVER, GIFT_MESSAGE, GIFT_ANONYMOUS = "giver_id", "gift_message", "gift_anonymous"
PLATFORM, TYPE = "platform", "type"
OUR_PLATFORM, OUR_TYPE = "cascade", "ducat_purchase"
_LONGEST_RATE = 20
# Only for a split payment.
ALLOCATION, _FORM = "allocation", "1"

Kept = Callable[[str], Allocation | None]
"""Finds the allocation that the journal has under a digest."""


def metadata_of(charge: Document) -> dict[str, str]:
    """The charge's own metadata, else its expanded intent's, as a plain dict.

    Stripe copies the intent's metadata to the charge once, at confirmation.
    """
    own: dict[str, str] = charge["metadata"]
    intent = charge["payment_intent"]
    if DUCATS in own or CITIZEN in own or ALLOCATION in own or not isinstance(intent, dict):
        return own
    return {**intent["metadata"], **own}


def is_not_ours(metadata: Mapping[str, str]) -> bool:
    """Whether it says that another shop on the account sold it, or that it is not for ducats."""
    if metadata.get(PLATFORM, OUR_PLATFORM) != OUR_PLATFORM:
        return True
    return metadata.get(TYPE, OUR_TYPE) != OUR_TYPE


def is_ducat_purchase(metadata: Mapping[str, str]) -> bool:
    """Whether this shop sold ducats with it. The account may sell other products too."""
    named = metadata.keys() & {PLATFORM, TYPE, CITIZEN, DUCATS, ALLOCATION}
    return bool(named) and not is_not_ours(metadata)


def speaks_for_itself(metadata: Mapping[str, str]) -> bool:
    """Whether it says what was sold, or that another shop or another product is meant."""
    is_named = bool(metadata.keys() & {PLATFORM, TYPE})
    return (is_named and not is_ducat_purchase(metadata)) or bool(
        metadata.keys() & {DUCATS, ALLOCATION}
    )


def sale_of_session(session: Document) -> SessionSale | None:
    """What a Checkout Session's own metadata sells, if it names a citizen or ducats."""
    metadata = session.get("metadata") or {}
    if not is_ducat_purchase(metadata) or not metadata.keys() & {CITIZEN, DUCATS}:
        return None
    return SessionSale(session["id"], metadata.get(CITIZEN, ""), metadata.get(DUCATS, ""))


def is_paid(charge: Document) -> bool:
    """Whether the money was captured. Stripe's own `paid` is true for uncaptured charges too."""
    return charge["status"] == "succeeded" and bool(charge["captured"])


def may_become_paid(charge: Document) -> bool:
    """Whether the charge is pending, or authorised and not yet captured. A failed charge stays
    failed: a new try of the same payment makes a new charge."""
    if charge["status"] == "pending":
        return True
    # A cancelled or lapsed authorisation shows as refunded.
    return charge["status"] == "succeeded" and not charge["captured"] and not charge["refunded"]


def to_charges(charge: Document, metadata: Mapping[str, str], kept: Kept) -> tuple[Charge, ...]:
    """Convert a Stripe charge: into one charge, or one for each citizen of a split payment."""
    whole = to_charge(charge, metadata)
    return divided(whole, metadata, kept) if ALLOCATION in metadata else (whole,)


def to_charge(charge: Document, metadata: Mapping[str, str]) -> Charge:
    """Convert a Stripe charge. Metadata that is unusable as a value is kept as text."""
    intent = charge["payment_intent"]
    citizen = metadata.get(CITIZEN, "")
    refunds = to_refunds(charge, (charge.get("refunds") or {}).get("data", ()))
    return Charge(
        id=charge["id"],
        payment_intent=intent["id"] if isinstance(intent, dict) else intent,
        created_at=datetime.fromtimestamp(charge["created"], UTC),
        captured_cents=charge["amount_captured"],
        refunded_cents=refunded_cents(refunds, stated_refunded_cents(charge)),
        currency=charge["currency"],
        disputed=bool(charge["disputed"]),
        citizen=citizen if citizen.strip() else None,
        ducats=read_ducats(metadata.get(DUCATS)),
        # As little to be trusted as the ducats, so read within the same bounds.
        rate=read_ducats(metadata.get(RATE)),
        package=metadata.get(PACKAGE),
        citizen_text=citizen,
        ducats_text=metadata.get(DUCATS, ""),
        exchange=_exchange(metadata),
        gift=gift_of(metadata),
        refunds=refunds,
    )


def gift_of(metadata: Mapping[str, str]) -> Gift | None:
    """The gift, if it is one. A purchase for oneself is not a gift."""
    giver = metadata.get(GIVER, "")
    if not giver.strip() or giver == metadata.get(CITIZEN):
        return None
    anonymous = metadata.get(GIFT_ANONYMOUS, "false").lower() != "false"
    return Gift(giver, metadata.get(GIFT_MESSAGE, "").strip(), anonymous)


def _exchange(metadata: Mapping[str, str]) -> Exchange | None:
    """The exchange rate in the metadata; None if there is no usable one."""
    text = metadata.get(CURRENCY_RATE, "")
    per_usd = read_ducats(text) if len(text) <= _LONGEST_RATE else None
    try:
        day = date.fromisoformat(metadata.get(CURRENCY_RATE_DATE, ""))
    except ValueError:
        return None
    return Exchange(per_usd, day) if per_usd else None


def nothing_kept(_digest: str) -> Allocation | None:
    """The Kept to use without a journal."""
    return None


def allocation_metadata(allocation: Allocation) -> dict[str, str]:
    """The seal, and the pieces if all of them fit: some of them alone would be useless."""
    seal = allocation.seal
    sealed = f"{_FORM}:{seal.count}:{format_ducats(seal.total)}:{seal.digest}"
    pieces = enumerate(pieces_of(allocation), start=1)
    return {ALLOCATION: sealed} | {f"{ALLOCATION}_{number}": piece for number, piece in pieces}


def divided(whole: Charge, metadata: Mapping[str, str], kept: Kept) -> tuple[Charge, ...]:
    """Divide a split payment's charge into one for each citizen.

    If it is unknown who they are, the result is the whole charge, for nobody, and `unallocated`
    says why.
    """
    try:
        return portions_of(whole, allocation_in(metadata, kept))
    except ValueError as error:
        seal = sealed_in(metadata)
        ducats = seal.total if seal else None
        nobody = replace(whole, citizen=None, citizen_text="", ducats=ducats, package=None)
        return (replace(nobody, unallocated=str(error)),)


def sealed_in(metadata: Mapping[str, str]) -> Seal | None:
    """The seal, which identifies the allocation; None if it cannot be read."""
    form, _, rest = metadata.get(ALLOCATION, "").partition(":")
    count, _, rest = rest.partition(":")
    total, _, digest = rest.partition(":")
    ducats = read_ducats(total)
    if form != _FORM or not count.isdecimal() or ducats is None or not digest:
        return None
    return Seal(int(count[:6]), ducats, digest[:64])


def allocation_in(metadata: Mapping[str, str], kept: Kept) -> Allocation:
    """The allocation that was sold: from the metadata, or else from the journal by its digest.

    Raises ValueError, with a sentence about the payment, if neither has it complete and unchanged.
    """
    seal = sealed_in(metadata)
    if seal is None:
        told = metadata[ALLOCATION][:80]
        raise ValueError(
            f"it was sold for many citizens, but its allocation cannot be read: {told!r}"
        )
    text = "".join(_pieces(metadata))
    for read in (_read, lambda _text: kept(seal.digest)):
        found = read(text)
        if found and seal.is_of(found):
            return found
    why = ", and the allocation in its metadata was changed or is incomplete" if text else ""
    where = "their names are kept in the journal of the machine that sold it"
    raise ValueError(
        f"it was sold for {seal.count} citizens{why}; {where} (allocation {seal.digest})"
    )


def _pieces(metadata: Mapping[str, str]) -> Iterator[str]:
    """The pieces in their order, up to the first that is missing."""
    for number in range(1, MOST_PIECES + 1):
        piece = metadata.get(f"{ALLOCATION}_{number}")
        if piece is None:
            return
        yield piece


def _read(text: str) -> Allocation | None:
    try:
        return read_allocation(text) if text else None
    except ValueError:
        return None
