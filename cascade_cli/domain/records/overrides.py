"""What a person may decide although a guard refuses it, and the option that says so."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cascade_cli.domain.shop.shell import command

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


def refund_although(override: Override, payment_id: str) -> str:
    """What a person types who has decided so about what a refund left of a payment."""
    return command("refund", payment_id, f"--{override}")


def credit_although(
    overrides: Iterable[Override], payment_id: str, citizen: str, ducats: str, reason: str
) -> str:
    """What a person types who has decided so; `ducats` as they are written."""
    options = ("--payment", payment_id, "--reason", reason)
    words = (*options, *(f"--{override}" for override in sorted(overrides)))
    if citizen.startswith("-"):
        return command("credit", *words, "--", citizen, ducats)
    return command("credit", citizen, ducats, *words)
