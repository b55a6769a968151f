"""What an id that somebody typed can be the id of, by its form alone."""

from __future__ import annotations

import re
from enum import StrEnum

FORMS = (
    "pi_…, ch_…, evt_…, re_…, cs_…, dp_…, in_…, sub_… (Stripe), a StratagemId, a "
    "record id rec… (Venice), or the name of a citizen, to the letter"
)
LONGEST = 255


class Form(StrEnum):
    """Whose id it is."""

    PAYMENT = "payment"
    EVENT = "event"
    REFUND = "refund"
    SESSION = "session"
    DISPUTE = "dispute"
    INVOICE = "invoice"
    SUBSCRIPTION = "subscription"
    """Its newest payment tells of it."""
    NAME = "name"
    """A StratagemId, a record id, or a citizen: Venice tells."""


_PREFIXES = {
    "pi": Form.PAYMENT,
    "ch": Form.PAYMENT,
    "py": Form.PAYMENT,
    "evt": Form.EVENT,
    "re": Form.REFUND,
    "pyr": Form.REFUND,
    "cs": Form.SESSION,
    "dp": Form.DISPUTE,
    "du": Form.DISPUTE,
    "in": Form.INVOICE,
    "sub": Form.SUBSCRIPTION,
}
# A portion's number may stand behind it.
_STRIPE_ID = re.compile(r"([a-z]{2,3})_[A-Za-z0-9_]+(?:\.[1-9][0-9]{0,3})?")


def form_of(identity: str) -> Form:
    """Raises ValueError for a text that nobody's id can be."""
    if not identity.strip() or len(identity) > LONGEST or "\0" in identity:
        raise ValueError(f"{identity[:40]!r} is no id")
    match = _STRIPE_ID.fullmatch(identity)
    return _PREFIXES.get(match[1], Form.NAME) if match else Form.NAME


def is_cut_off(identity: str) -> bool:
    """It begins like an id of Stripe's and does not go on like one."""
    prefix, separator, _ = identity.partition("_")
    return bool(separator) and prefix in _PREFIXES and not _STRIPE_ID.fullmatch(identity)
