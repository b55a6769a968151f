"""For CASCADE's own backend: credit a citizen from Python, with the same promise as the command.

from cascade_cli.backend import credit_ducats

answer = credit_ducats("NLR", "525", payment_intent="pi_…")
if not answer.success:
    ...  # answer.error says why; calling again with the same key never pays twice
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cascade_cli.cli.session import Session
from cascade_cli.cli.writing import Workshop, workshop
from cascade_cli.domain.orders import Order, parse_ducats
from cascade_cli.errors import CascadeError, GuardError, UsageError
from cascade_cli.services.credit import (
    TWIN_WINDOW,
    check_limit,
    check_payment_id,
    manual_order,
    meant,
)
from cascade_cli.services.delivery_ports import Delivery, Result

_SUCCESSES = frozenset({Result.CREDITED, Result.ALREADY})


@dataclass(frozen=True)
class CreditAnswer:
    """Whether the ducats are on their way (or there), under which StratagemId; else why not.

    `retry` is true where the same call may succeed later; it never pays twice.
    """

    success: bool
    stratagem_id: str | None = None
    error: str | None = None
    retry: bool = False


def credit_ducats(
    citizen_id: str,
    amount: str | int | float | Decimal,
    *,
    payment_intent: str | None = None,
    reference: str | None = None,
    reason: str = "Ducat purchase via CASCADE",
    session: Session | None = None,
) -> CreditAnswer:
    """Credit `amount` ducats to the citizen, exactly once for one payment intent or reference.

    Name one of the two: without either, a second identical credit within 24 hours is refused,
    since nothing tells it from a repetition. Settings come from the environment and `.env`, as
    for the command. Raises nothing of cascade's: what went wrong is in the answer.
    """
    try:
        ducats = parse_ducats(str(amount))
        with workshop(
            session or Session(quiet=True),
            "credit_ducats",
            lock=False,
            check=lambda settings: check_limit(settings.max_per_credit, [(citizen_id, ducats)]),
        ) as shop:
            order = _order(shop, citizen_id, ducats, payment_intent, reference, reason=reason)
            plan = shop.writing.desk.plan([order], by_person=False)
            shop.begin()
            return _answer(shop.writing.desk.carry_out(plan)[0])
    except ValueError as error:
        return CreditAnswer(success=False, error=f"The amount {error}.")
    except CascadeError as error:
        retry = not isinstance(error, GuardError | UsageError)
        return CreditAnswer(success=False, error=error.message, retry=retry)


def _order(
    shop: Workshop,
    citizen: str,
    ducats: Decimal,
    payment_intent: str | None,
    reference: str | None,
    *,
    reason: str,
) -> Order:
    now = shop.reading.clock.now()
    if payment_intent is None:
        return manual_order(
            citizen,
            ducats,
            reason=reason,
            reference=f"{now:%Y%m%dT%H%M%S.%f}" if reference is None else reference,
            facts=shop.facts(),
            refuse_twin_since=now - TWIN_WINDOW if reference is None else None,
        )
    check_payment_id(payment_intent)
    charge = meant(shop.reading.payments, payment_intent, citizen)
    desk, facts = shop.writing.desk, shop.facts()
    return desk.order_for_payment(charge, citizen, ducats, reason=reason, facts=facts)


def _answer(delivery: Delivery) -> CreditAnswer:
    if delivery.result in _SUCCESSES:
        return CreditAnswer(success=True, stratagem_id=delivery.stratagem_id)
    retry = delivery.result in {Result.BUSY, Result.FAILED, Result.UNFINISHED}
    return CreditAnswer(
        success=False, stratagem_id=delivery.stratagem_id, error=delivery.why, retry=retry
    )
