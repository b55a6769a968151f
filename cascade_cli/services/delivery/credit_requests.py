"""Requests for a credit, and who receives ducats, checked before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.records.charges import MINTS, Charge
from cascade_cli.domain.records.citizens import (
    SUGGESTIONS,
    did_you_mean,
    look_alikes,
    look_alikes_clause,
    near_names,
)
from cascade_cli.domain.records.orders import REFERENCE, Cause, Order, manual_key
from cascade_cli.domain.shop.keys import PORTION_ID
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import GuardError, UsageError
from cascade_cli.services.ports import PaymentsPort
from cascade_cli.services.reconcile.unknown_ids import right_line

MOST_CHARACTERS = 1000
TWIN_WINDOW = timedelta(hours=24)


def manual_order(
    citizen: str,
    ducats: Decimal,
    *,
    reason: str,
    reference: str,
    facts: Mapping[str, Any],
    refuse_twin_since: datetime | None = None,
) -> Order:
    """A credit by hand. Raises UsageError on an unusable reference, reason or citizen."""
    check_words(citizen, reason)
    try:
        key = manual_key(reference)
    except ValueError as error:
        raise UsageError(f"{str(error).capitalize()}.") from None
    return Order(
        key=key,
        citizen=citizen,
        ducats=ducats,
        cause=Cause.MANUAL,
        reason=reason.strip(),
        facts={REFERENCE: reference, **facts},
        refuse_twin_since=refuse_twin_since,
    )


@dataclass(frozen=True)
class CreditLimits:
    """The most ducats that may be credited to one citizen at once, and in a day; and who pays."""

    per_credit: Decimal
    per_day: Decimal
    processor: str


def check_limit(per_credit: Decimal, credits: Iterable[tuple[str, Decimal]]) -> None:
    """Raises GuardError if one of these (citizen, ducats) pairs exceeds the limit per credit."""
    credits = tuple(credits)
    for citizen, ducats in credits:
        if ducats > per_credit:
            raise GuardError(
                f"{format_ducats(ducats)} ducats to {citizen!r} are more than the limit of "
                f"{format_ducats(per_credit)} ducats per credit.",
                allowing("CASCADE_MAX_DUCATS_PER_CREDIT", max(each for _, each in credits)),
            )


def allowing(setting: str, ducats: Decimal) -> str:
    """The hint that lifts a limit for one command: repeat it with the setting in front."""
    return (
        f"Nothing was written. {setting} sets the limit; to allow it this once, put "
        f"{setting}={format_ducats(ducats)} before the command."
    )


def check_words(citizen: str, reason: str) -> None:
    """Raises UsageError on a citizen or reason that is blank or that no record can hold."""
    for name, text in (("citizen", citizen), ("reason", reason)):
        if not text.strip():
            raise UsageError(f"A credit needs a {name}.", "Nothing was written.")
        if len(text) > MOST_CHARACTERS or not _is_writable(text):
            raise UsageError(
                f"The {name} {text[:40]!r} is longer than {MOST_CHARACTERS} characters, or "
                "contains a NUL or an invalid character.",
                "Nothing was written.",
            )


def bought(payments: PaymentsPort, payment_id: str) -> tuple[Charge, ...]:
    """The purchases of a payment: one, or one for each of many citizens.

    Raises GuardError if there are none.
    """
    found = payments.portions(payment_id)
    if not found:
        raise GuardError(
            f"Stripe knows no paid ducat purchase {payment_id!r} in this account and mode.",
            "Nothing was written. Check the id; to credit without one, use --reference.",
        )
    return found


def charge_for(payments: PaymentsPort, payment_id: str, citizen: str) -> Charge:
    """The citizen's part of a payment for many; the one purchase of any other payment.

    Raises GuardError if there is none.
    """
    found = bought(payments, payment_id)
    if len(found) == 1:
        return found[0]
    for charge in found:
        if charge.citizen == citizen:
            return charge
    similar = look_alikes([citizen], (charge.citizen or "" for charge in found))
    raise GuardError(
        f"{payment_id} is for {len(found)} citizens, and {citizen!r} is none of them"
        f"{look_alikes_clause(citizen, similar.get(citizen, ()))}.",
        f"Nothing was written. See: {command('explain', payment_id)}",
    )


def check_payment_id(text: str, *words: str) -> None:
    """Raises UsageError on what cannot be a payment's id; `words` are the command that takes it."""
    if not PORTION_ID.fullmatch(text):
        form = "A payment's id is pi_… or ch_…, as Stripe shows it."
        raise UsageError(
            f"{text[:40]!r} is not a payment's id.",
            f"Nothing was written. {right_line(text, *words) or form}",
        )


def _is_writable(text: str) -> bool:
    # A lone surrogate has no encoding, and PostgreSQL's text cannot hold a NUL.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def require_citizens(
    wanted: Iterable[str], found: Container[str], usernames: Callable[[], Sequence[str]]
) -> None:
    """Refuse to write for a citizen who is not among those found.

    Raises GuardError, which names citizens with similar names.
    `usernames` returns all names. It takes many requests, so it is called only if one is missing.
    """
    missing = sorted({name for name in wanted if name not in found})[:SUGGESTIONS]
    if not missing:
        return
    others = usernames()
    near = {name: near_names(name, others) for name in missing}
    raise GuardError(
        f"Venice has no citizen {', '.join(map(repr, missing))}.{did_you_mean(near)}",
        "Nothing was written. Names must match exactly.",
    )


def refuse_processor(recipients: Iterable[str], processor: str) -> None:
    """Raises GuardError if the processor would receive what it pays."""
    if processor in recipients:
        raise GuardError(f"{processor!r} cannot receive ducats: {MINTS}.", "Nothing was written.")
