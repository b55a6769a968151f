"""What was authorised and not captured never went back, however Stripe books its release."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.refunds.money_back import money_back
from cascade_cli.wiring.reading import Wiring
from tests.harness.sandboxed import Sandboxed

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
METADATA = {
    "citizen_id": "marco",
    "ducat_amount": "70.0",
    "platform": "cascade",
    "type": "ducat_purchase",
}


def read(sandboxed: Sandboxed, wiring: Wiring, *refunds: str, cents: int = 200) -> Charge:
    """Seven dollars captured of ten, and a refund of `cents` in each status."""
    account = sandboxed.app.stripe.account
    paid = account.pay(amount=1000, currency="usd", metadata=METADATA, at=AT, capture=False)
    account.capture(paid["payment_intent"], at=AT, amount_to_capture=700)
    for status in refunds:
        account.refund(paid["id"], at=AT, amount=cents, status=status)
    charge = wiring.payments.payment(paid["payment_intent"])
    assert charge is not None
    return charge


@pytest.mark.parametrize(
    ("refunds", "gone"),
    [
        ((), 0),
        (("requires_action",), 0),
        (("requires_action", "requires_action"), 0),
        (("succeeded",), 200),
        (("pending", "requires_action"), 200),
        (("requires_action", "succeeded"), 200),
        (("succeeded", "succeeded"), 400),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_of_a_charge_captured_in_part_only_refunds_that_left_went_back(
    sandboxed: Sandboxed, wiring: Wiring, refunds: tuple[str, ...], gone: int
) -> None:
    charge = read(sandboxed, wiring, *refunds)
    assert (charge.captured_cents, charge.refunded_cents) == (700, gone)
    assert money_back(charge).cents == gone
    assert len(charge.refunds) == len(refunds)


def test_a_refund_as_large_as_the_release_is_a_refund(sandboxed: Sandboxed, wiring: Wiring) -> None:
    charge = read(sandboxed, wiring, "succeeded", cents=300)
    assert (charge.refunded_cents, len(charge.refunds)) == (300, 1)
    assert charge.refunds[0].has_left
