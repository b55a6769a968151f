"""The StratagemIds that cascade gives, how to recognise those of others, and what a typed id may
stand for.

A payment has one key for ever: `cascade_payment_<payment intent>`, or with the charge's id if there
is no intent. So everyone who credits the payment, however often, names the same record. A payment
for many citizens has a portion for each. Every id that stands for a portion ends in a dot and the
portion's number: `cascade_payment_<payment intent>.3`. Stripe's own ids have no dots.
"""

from __future__ import annotations

import re
from enum import StrEnum

KEY_PREFIX = "cascade_"
"""Every StratagemId made by cascade or the legacy connector begins with it."""
PAYMENT_PREFIX = "cascade_payment_"
MANUAL_PREFIX = "cascade_manual_"
REFUND_PREFIX = "cascade_refund_"
GIVE_BACK_PREFIX = "cascade_giveback_"
CORRECTION_PREFIX = "cascade_correction_"
TAKE_BACK_PREFIX = "cascade_takeback_"
DECISION_PREFIX = "cascade_decision_"
"""Not part of any StratagemId: the journal keeps decisions about a case under it."""
LEGACY_SOURCE = "cascade_payment_processor"

PAYMENT_ID = re.compile(r"(?:pi|ch|py)_[A-Za-z0-9]+")
PORTION_ID = re.compile(PAYMENT_ID.pattern + r"(?:\.[1-9][0-9]{0,3})?")
"""A payment, or one portion of it."""
_MENTION = re.compile(rf"(?<![A-Za-z0-9_])(?:{PORTION_ID.pattern})(?![A-Za-z0-9_])")
INVOICE_PREFIX = "in_"
INVOICE_ID = re.compile(INVOICE_PREFIX + r"[A-Za-z0-9]+")
DISPUTE_PREFIXES = ("du_", "dp_")
"""Stripe's disputes: today's, and those of older accounts."""
_REFUND_ID = re.compile(r"(?:re|pyr|dp|du)_[A-Za-z0-9]+(?:\.[1-9][0-9]{0,3})?")
# The key of a transfer that returns or corrects another: each group is called after its Origin, and
# holds the id that the key names.
_LATER_FORM = re.compile(
    rf"{CORRECTION_PREFIX}(?P<correction>{PORTION_ID.pattern})(?:_[1-9][0-9]*)?"
    rf"|{TAKE_BACK_PREFIX}(?P<take_back>rec[A-Za-z0-9]+)(?:_rest[1-9][0-9]*)?"
    rf"|{REFUND_PREFIX}(?P<refund>{_REFUND_ID.pattern}).*"
    rf"|{GIVE_BACK_PREFIX}(?P<give_back>{_REFUND_ID.pattern}).*",
    re.DOTALL,
)
# Ducats of one transfer are taken back at most this often.
_MOST_INSTALMENTS = 10
_LEGACY_FORM = re.compile(r"cascade_payment_.+_[0-9]{9,}", re.DOTALL)


class Origin(StrEnum):
    """Who made a transfer, as far as its record tells."""

    PAYMENT = "payment"
    """It names its payment: by its StratagemId or by a Stripe id in its Notes."""
    LEGACY = "older"
    """The legacy connector made it: it names a citizen and a time, but no payment."""
    MANUAL = "manual"
    """A person credited it with a reason."""
    REFUND = "refund"
    """It takes ducats back from a citizen, because money went back to the payer."""
    GIVE_BACK = "give_back"
    """It gives those ducats to the citizen again: the refund failed, or the dispute was won after
    all."""
    CORRECTION = "correction"
    """A person decided that a payment's citizen lacks these ducats."""
    TAKE_BACK = "take_back"
    """A person decided that a citizen has these ducats from a transfer that was wrong."""
    OTHER = "other"


def stratagem_id_for(payment_id: str) -> str:
    """The one StratagemId under which the payment (`pi_…`, else `ch_…`) may be credited."""
    return PAYMENT_PREFIX + payment_id


def mentioned_payments(text: str) -> tuple[str, ...]:
    """The payments and charges, or portions of them, that a text mentions."""
    return tuple(dict.fromkeys(_MENTION.findall(text)))


def portion_id(stripe_id: str, number: int) -> str:
    """The id of one portion of a payment."""
    return f"{stripe_id}.{number}"


def whole_id(identity: str) -> str:
    """Stripe's own id of the whole payment, from an id that may be a portion's."""
    return identity.partition(".")[0]


def portion_number(identity: str) -> int | None:
    """The number of the portion that an id stands for; None if it stands for a whole payment."""
    number = identity.partition(".")[2]
    return int(number) if number else None


def payment_id_in(stratagem_id: str) -> str | None:
    """The payment, or portion of one, that a StratagemId names, or None."""
    rest = stratagem_id.removeprefix(PAYMENT_PREFIX)
    return rest if rest != stratagem_id and PORTION_ID.fullmatch(rest) else None


def refund_key(refund_id: str, instalment: int = 0) -> str:
    """The one StratagemId under which ducats come back for a refund (`re_…`) or a lost dispute
    (`du_…`).

    What could not be taken at first comes in instalments, each with its own key. Raises ValueError
    if `refund_id` is not such an id.
    """
    return REFUND_PREFIX + _checked(refund_id) + (f"_rest{instalment}" if instalment else "")


def give_back_key(refund_id: str, again: int = 0) -> str:
    """The StratagemId under which ducats go back to the citizen if the refund for which they were
    taken fails, or the dispute is won. Each further time has a number."""
    return GIVE_BACK_PREFIX + _checked(refund_id) + (f"_again{again}" if again else "")


def correction_key(payment_id: str, number: int = 1) -> str:
    """The StratagemId under which a payment's citizen gets the ducats still lacking.

    Only a further correction, of what went wrong later, has a number. Raises ValueError if
    `payment_id` is not a payment's id.
    """
    if not PORTION_ID.fullmatch(payment_id):
        raise ValueError(f"{payment_id[:40]!r} is not a payment's id")
    return CORRECTION_PREFIX + payment_id + (f"_{number}" if number > 1 else "")


def decision_key(case: str) -> str:
    """The key under which the journal keeps the decision about a payment or a record."""
    return DECISION_PREFIX + case


def corrected_payment_in(stratagem_id: str) -> str | None:
    """The payment, or portion of one, that a correction's StratagemId names, or None."""
    found = _LATER_FORM.fullmatch(stratagem_id)
    return found["correction"] if found else None


def take_back_key(record_id: str, instalment: int = 0) -> str:
    """The StratagemId under which ducats of a wrong transfer come back.

    What could not be taken at first comes in instalments, each with its own key. Raises ValueError
    if `record_id` is not a record's id.
    """
    if not re.fullmatch(r"rec[A-Za-z0-9]+", record_id):
        raise ValueError(f"{record_id[:40]!r} is not a record's id")
    return TAKE_BACK_PREFIX + record_id + (f"_rest{instalment}" if instalment else "")


def take_back_keys(record_id: str) -> list[str]:
    """All StratagemIds under which ducats of one transfer may come back."""
    return [take_back_key(record_id, instalment) for instalment in range(_MOST_INSTALMENTS)]


def taken_record_in(stratagem_id: str) -> str | None:
    """From a StratagemId: the record whose ducats the transfer takes back, or None."""
    found = _LATER_FORM.fullmatch(stratagem_id)
    return found["take_back"] if found else None


def refund_id_in(stratagem_id: str) -> str | None:
    """The refund or dispute that a StratagemId names, or None."""
    found = _LATER_FORM.fullmatch(stratagem_id)
    return found["refund"] or found["give_back"] if found else None


def is_own_key(stratagem_id: str) -> bool:
    """Whether the StratagemId is one that cascade gives: to a payment, a credit by hand, a refund
    or a decision."""
    if stratagem_id.startswith(MANUAL_PREFIX) or payment_id_in(stratagem_id):
        return True
    return _LATER_FORM.fullmatch(stratagem_id) is not None


def _checked(refund_id: str) -> str:
    if not _REFUND_ID.fullmatch(refund_id):
        raise ValueError(f"{refund_id[:40]!r} is not a refund's id")
    return refund_id


def origin_of(stratagem_id: str, stripe_ids: tuple[str, ...], source: str) -> Origin:
    """Classify a transfer by the form of its StratagemId, the Stripe ids and the `source` in its
    Notes.

    The StratagemId is checked first, since returns and corrections also name their payment in
    Notes. The legacy connector's source is checked before the form of a payment's key: a citizen
    called `pi` makes `cascade_payment_pi_1763900000`, which reads like a payment's key.
    """
    if (later := _LATER_FORM.fullmatch(stratagem_id)) and later.lastgroup:
        return Origin(later.lastgroup)
    if stripe_ids:
        return Origin.PAYMENT
    if source == LEGACY_SOURCE:
        return Origin.LEGACY
    if payment_id_in(stratagem_id):
        return Origin.PAYMENT
    if stratagem_id.startswith(MANUAL_PREFIX):
        return Origin.MANUAL
    return Origin.LEGACY if _LEGACY_FORM.fullmatch(stratagem_id) else Origin.OTHER


FORMS = (
    "pi_…, ch_…, evt_…, re_…, cs_…, dp_…, in_…, sub_… (Stripe), a StratagemId, a "
    "record id rec… (Venice), or the exact name of a citizen"
)
LONGEST = 255


class IdKind(StrEnum):
    """What kind of thing an id stands for."""

    PAYMENT = "payment"
    EVENT = "event"
    REFUND = "refund"
    SESSION = "session"
    DISPUTE = "dispute"
    INVOICE = "invoice"
    SUBSCRIPTION = "subscription"
    """Told by its newest payment."""
    NAME = "name"
    """A StratagemId, a record id, or a citizen: only Venice can tell which."""


_PREFIXES = {
    "pi": IdKind.PAYMENT,
    "ch": IdKind.PAYMENT,
    "py": IdKind.PAYMENT,
    "evt": IdKind.EVENT,
    "re": IdKind.REFUND,
    "pyr": IdKind.REFUND,
    "cs": IdKind.SESSION,
    "dp": IdKind.DISPUTE,
    "du": IdKind.DISPUTE,
    "in": IdKind.INVOICE,
    "sub": IdKind.SUBSCRIPTION,
}
# A portion's number may follow it.
_STRIPE_ID = re.compile(r"([a-z]{2,3})_[A-Za-z0-9_]+(?:\.[1-9][0-9]{0,3})?")


def kind_of_id(identity: str) -> IdKind:
    """What the typed id stands for. Raises ValueError if the text cannot be an id."""
    if not identity.strip() or len(identity) > LONGEST or "\0" in identity:
        raise ValueError(f"{identity[:40]!r} is not an id")
    match = _STRIPE_ID.fullmatch(identity)
    return _PREFIXES.get(match[1], IdKind.NAME) if match else IdKind.NAME


def is_cut_off(identity: str) -> bool:
    """Whether it begins like one of Stripe's ids but is not a whole one."""
    prefix, separator, _ = identity.partition("_")
    return bool(separator) and prefix in _PREFIXES and not _STRIPE_ID.fullmatch(identity)
