"""`cascade sandbox refund` and `dispute`: money that goes back at the embedded Stripe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cascade_cli.cli.sandbox import opened, our_errors, told
from cascade_cli.cli.session import Outcome, Session
from cascade_cli.domain.money import format_money
from cascade_cli.errors import UsageError
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.stripe import StripeError

_OPENINGS = ("needs_response", "warning_needs_response")
_ENDINGS = ("won", "lost")
_REFUNDS = ("pending", "succeeded", "failed", "canceled")


def refund(session: Session, identity: str, cents: int | None, status: str) -> Outcome:
    """A new refund of a payment, or another status of a refund."""
    if status not in _REFUNDS:
        raise UsageError(f"{status!r} is no status of a refund.", f"Choose {', '.join(_REFUNDS)}.")

    def change(app: SandboxApp) -> Any:
        books, at = app.stripe.books, app.now()
        if identity.startswith("re_"):
            return books.settle_refund(identity, at=at, status=status)
        charge = books.charge_of(identity, at=at)
        made = books.refund(charge, at=at, amount=cents, pending=status != "succeeded")
        if status in {"failed", "canceled"}:
            return books.settle_refund(made["id"], at=at, status=status)
        return made

    return _changed(session, change)


def dispute(session: Session, identity: str, status: str) -> Outcome:
    """A new dispute of a payment, or the next stage of a dispute."""
    is_new = not identity.startswith(("du_", "dp_"))
    allowed = _OPENINGS if is_new else ("under_review", *_ENDINGS)
    if status not in allowed:
        raise UsageError(f"{status!r} is not possible here.", f"Choose {', '.join(allowed)}.")

    def change(app: SandboxApp) -> Any:
        books, at = app.stripe.books, app.now()
        if is_new:
            charge = books.charge_of(identity, at=at)
            return books.dispute(charge, at=at, inquiry=status != "needs_response")
        if status in _ENDINGS:
            return books.close_dispute(identity, at=at, won=status == "won")
        return books.respond_to_dispute(identity, at=at)

    return _changed(session, change)


def _changed(session: Session, change: Callable[[SandboxApp], Any]) -> Outcome:
    with opened(session) as app, our_errors():
        try:
            made = change(app)
        except StripeError as error:
            raise UsageError(f"{str(error).rstrip('.')}.", "Nothing was changed.") from error
    money = format_money(made["amount"], made["currency"])
    text = f"{made['id']}: {made['object']} of {money}, {made['status']}."
    data = {name: made[name] for name in ("id", "object", "amount", "currency", "status")}
    return told(data, text)
