"""For CASCADE's own backend: credit a citizen from Python, with the same promise as the command.

from cascade_cli.backend import credit_ducats

answer = await credit_ducats("NLR", "525", payment_intent="pi_…")
if not answer["success"]:
    ...  # answer["error"] says why; calling again with the same key never pays twice
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, TypedDict

from cascade_cli.adapters.http.pacing import Pacers
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.records.orders import PURCHASE_REASON, Order
from cascade_cli.domain.shop.money import DUCATS_FORM, format_ducats, parse_ducats, read_ducats
from cascade_cli.errors import (
    BUG_HINT,
    CascadeError,
    LockedError,
    ServiceError,
    SettingsError,
    UsageError,
)
from cascade_cli.services.delivery.credit_requests import (
    TWIN_WINDOW,
    charge_for,
    check_limit,
    check_payment_id,
    check_words,
    manual_order,
)
from cascade_cli.wiring import Invocation
from cascade_cli.wiring.writing import WriteContext, write_context

# A credit may wait for minutes after a lost answer. In asyncio's own pool, that would hold up other
# work of the program, such as looking up addresses.
CREDIT_THREADS = 8

_SUCCESSES = frozenset({Result.CREDITED, Result.ALREADY})
_MAY_SUCCEED_LATER = frozenset({Result.BUSY, Result.FAILED, Result.UNFINISHED})
# All calls of this process share the base's pace.
_PACERS = Pacers()


class CreditAnswer(TypedDict):
    """What became of a credit; a plain dict.

    `success` is true if the ducats are on their way, or there. `stratagem_id` is the id of the
    row in Venice and `status` that row's Status; both are None if there is no row. `error` says why
    it failed. `retry` is true if the same call may succeed later; it never pays twice.
    """

    success: bool
    stratagem_id: str | None
    status: str | None
    error: str | None
    retry: bool


async def credit_ducats(
    citizen_id: str,
    amount: str | int | float | Decimal,
    *,
    payment_intent: str | None = None,
    reference: str | None = None,
    reason: str = PURCHASE_REASON,
    session: Invocation | None = None,
) -> CreditAnswer:
    """Credit `amount` ducats to the citizen, exactly once for one payment intent or reference.

    Pass one of the two. Without either, a second identical credit within 24 hours is refused, since
    it may be a repetition. Settings come from the environment and `.env`, as for the command.
    Raises none of cascade's errors: the answer says what went wrong.

    The work is done in a thread, so that the event loop goes on; any number may be awaited at
    once. If the await is cancelled, a credit that has begun goes on to its end, but its answer is
    lost; one that waits for its turn never begins. To learn which, call again with the same key: it
    never pays twice.
    """
    work = partial(
        credit_ducats_sync,
        citizen_id,
        amount,
        payment_intent=payment_intent,
        reference=reference,
        reason=reason,
        session=session,
    )
    return await asyncio.get_running_loop().run_in_executor(_threads(), work)


def credit_ducats_sync(
    citizen_id: str,
    amount: str | int | float | Decimal,
    *,
    payment_intent: str | None = None,
    reference: str | None = None,
    reason: str = PURCHASE_REASON,
    session: Invocation | None = None,
) -> CreditAnswer:
    """As `credit_ducats`, for code without an event loop: returns when the credit is done."""
    try:
        wanted = _checked(citizen_id, amount, payment_intent, reference, reason)
        return _credited(wanted, session or Invocation())
    except CascadeError as error:
        return _failed(error.message, retry=isinstance(error, ServiceError | LockedError))
    except Exception as error:  # noqa: BLE001 - the last line of defence, as for the command
        return _failed(f"{type(error).__name__} was not foreseen. {BUG_HINT}", retry=False)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CREDIT_THREADS, thread_name_prefix="cascade-credit")


@dataclass(frozen=True)
class _Wanted:
    """The arguments, checked as far as possible without a request."""

    citizen: str
    ducats: Decimal
    payment_intent: str | None
    reference: str | None
    reason: str

    def order(self, context: WriteContext[Invocation]) -> Order:
        """The order for these arguments. Raises GuardError if the payment contradicts them."""
        facts = context.facts()
        if self.payment_intent is None:
            return self.by_hand(facts, context.reading.clock.now())
        charge = charge_for(context.reading.payments, self.payment_intent, self.citizen)
        return context.writing.service.order_for_payment(
            charge, self.citizen, self.ducats, reason=self.reason, facts=facts
        )

    def by_hand(self, facts: Mapping[str, Any], now: datetime) -> Order:
        """A credit without a payment. Raises UsageError on an unusable argument."""
        made_up = f"{now:%Y%m%dT%H%M%S.%f}"
        return manual_order(
            self.citizen,
            self.ducats,
            reason=self.reason,
            reference=made_up if self.reference is None else self.reference,
            facts=facts,
            refuse_twin_since=now - TWIN_WINDOW if self.reference is None else None,
        )


def _checked(
    citizen: object, amount: object, payment_intent: object, reference: object, reason: object
) -> _Wanted:
    """Raises UsageError on any argument that is not what it should be."""
    ducats = _amount(amount)
    wanted = _Wanted(
        _text("citizen_id", citizen),
        ducats,
        None if payment_intent is None else _text("payment_intent", payment_intent),
        None if reference is None else _text("reference", reference),
        _text("reason", reason),
    )
    if wanted.payment_intent is None:
        wanted.by_hand({}, datetime.now(UTC))
        return wanted
    if wanted.reference is not None:
        raise UsageError("Give payment_intent or reference, not both: a payment is its own key.")
    check_payment_id(wanted.payment_intent)
    check_words(wanted.citizen, wanted.reason)
    return wanted


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{name} has to be text, not {type(value).__name__}.")
    return value


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise UsageError(f"The amount has to be text or a number, not {type(value).__name__}.")
    try:
        return parse_ducats(value if isinstance(value, str) else _digits(value))
    except ValueError as error:
        raise UsageError(f"The amount {error}.") from None


def _digits(number: float | Decimal) -> str:
    """Without an exponent. Raises ValueError if no shop sells so many ducats."""
    # Python refuses to write an integer of 5,000 digits out.
    is_small = not isinstance(number, int) or number.bit_length() <= 64  # noqa: PLR2004
    ducats = read_ducats(number) if is_small else None
    if ducats is None:
        shown = f"{number!r:.40}" if is_small else "with so many digits"
        raise ValueError(f"{shown} is not {DUCATS_FORM}")
    return format_ducats(ducats)


def _credited(wanted: _Wanted, session: Invocation) -> CreditAnswer:
    session.pacers = session.pacers or _PACERS
    with write_context(
        session,
        "credit_ducats",
        lock=False,
        check=lambda settings: check_limit(
            settings.max_per_credit, [(wanted.citizen, wanted.ducats)]
        ),
    ) as context:
        plan = context.writing.service.plan([wanted.order(context)], by_person=False)
        context.begin()
        return _answer(context.writing.service.carry_out(plan)[0])


def _answer(delivery: Delivery) -> CreditAnswer:
    row, success = delivery.row, delivery.result in _SUCCESSES
    # A person has to fix a key without the rights, or a base that lacks a field.
    is_passing = not isinstance(delivery.error, SettingsError)
    return CreditAnswer(
        success=success,
        stratagem_id=(row.stratagem_id or None) if row else None,
        status=(row.status or None) if row else None,
        error=None if success else delivery.why,
        retry=delivery.result in _MAY_SUCCEED_LATER and is_passing,
    )


def _failed(error: str, *, retry: bool) -> CreditAnswer:
    return CreditAnswer(success=False, stratagem_id=None, status=None, error=error, retry=retry)
