"""The StratagemIds that cascade gives, and how those of others are told apart.

One payment has one key for ever, so that whoever credits it, and however often, names the same
record: `cascade_payment_<payment intent>`, or the charge's id where there is no intent.
"""

from __future__ import annotations

import re
from enum import StrEnum

PAYMENT_PREFIX = "cascade_payment_"
MANUAL_PREFIX = "cascade_manual_"
OLDER_SOURCE = "cascade_payment_processor"

PAYMENT_ID = re.compile(r"(?:pi|ch|py)_[A-Za-z0-9]+")
_OLDER_FORM = re.compile(r"cascade_payment_.+_[0-9]{9,}", re.DOTALL)


class Origin(StrEnum):
    """Who made a transfer, as far as its record tells."""

    PAYMENT = "payment"
    """It names its payment: by its StratagemId or by a Stripe id in its Notes."""
    OLDER = "older"
    """The older connector made it: it names a citizen and a time, but no payment."""
    MANUAL = "manual"
    """A person credited it with a reason."""
    OTHER = "other"


def stratagem_id_for(payment_id: str) -> str:
    """The one StratagemId under which the payment (`pi_…`, else `ch_…`) may be credited."""
    return PAYMENT_PREFIX + payment_id


def payment_id_in(stratagem_id: str) -> str | None:
    """The payment that a StratagemId names, or None."""
    rest = stratagem_id.removeprefix(PAYMENT_PREFIX)
    return rest if rest != stratagem_id and PAYMENT_ID.fullmatch(rest) else None


def origin_of(stratagem_id: str, stripe_ids: tuple[str, ...], source: str) -> Origin:
    """Sort a transfer by what it carries: our StratagemId's form, Stripe ids, Notes' `source`.

    The older connector's source comes before the form of the id: a citizen called `pi` makes
    `cascade_payment_pi_1763900000`, which reads like a payment's key.
    """
    if stripe_ids:
        return Origin.PAYMENT
    if source == OLDER_SOURCE:
        return Origin.OLDER
    if payment_id_in(stratagem_id):
        return Origin.PAYMENT
    if stratagem_id.startswith(MANUAL_PREFIX):
        return Origin.MANUAL
    return Origin.OLDER if _OLDER_FORM.fullmatch(stratagem_id) else Origin.OTHER
