"""What a person may decide although a guard refuses it, and the option that says so."""

from __future__ import annotations

from enum import StrEnum

# In Notes and in the journal's intent: the decisions that an order rests on.
OVERRIDES = "overrides"


class Override(StrEnum):
    """One explicit decision against one guard; the value is the option's name.

    It is recorded with the order: in the journal's intent and in the transfer's Notes.
    """

    UNDERPAID = "although-underpaid"
    """Deliver, although less was paid than the ducats cost or the price is not known."""
    AMBIGUOUS = "although-ambiguous"
    """Deliver, although a transfer of the legacy connector may already be this payment's."""
