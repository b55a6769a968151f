"""Money at the embedded Stripe: `cascade sandbox pay`, `capture`, `refund` and `dispute`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cascade_cli.cli.sandbox.options import DisputeRequest, RefundRequest, SaleRequest
from cascade_cli.cli.sandbox.run import opened, text_outcome, translated_errors
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.shop.money import format_money
from cascade_cli.errors import UsageError
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import prices
from cascade_cli.sandbox.stripe import StripeError
from cascade_cli.sandbox.stripe.parameters import Currency
from cascade_cli.sandbox.stripe.resources import disputes, refunds


def pay(session: Session, sale: SaleRequest) -> Outcome:
    """Somebody pays for ducats by card, as the legacy CASCADE API sold them."""
    # The legacy API's rate: ten cents a ducat.
    cents = round(sale.ducats * 10) if sale.cents is None else sale.cents

    def change(app: SandboxApp) -> Any:
        charge = app.stripe.account.pay(
            amount=cents,
            currency=_currency(sale.currency),
            metadata=prices.metadata(sale.citizen, sale.ducats),
            at=app.now(),
            description=f"Purchase {sale.ducats:.2f} ducats for {sale.citizen}",
            capture=not sale.held,
        )
        return _intent(app, charge["payment_intent"])

    return _changed(session, change)


def capture(session: Session, payment: str, cents: int | None) -> Outcome:
    """Take authorised money, all of it or the first `cents`."""

    def change(app: SandboxApp) -> Any:
        return app.stripe.account.capture(payment, at=app.now(), amount_to_capture=cents)

    return _changed(session, change)


def refund(session: Session, wanted: RefundRequest) -> Outcome:
    """A new refund of a payment, or another status of a refund."""
    if wanted.status not in refunds.STATUSES:
        raise _unknown_status(wanted.status, "refund", refunds.STATUSES)
    if wanted.unfunded and wanted.status != "pending":
        raise UsageError("--unfunded goes with --status pending.", "Nothing was changed.")

    def change(app: SandboxApp) -> Any:
        account, at = app.stripe.account, app.now()
        if wanted.identity.startswith("re_"):
            return account.settle_refund(wanted.identity, at=at, status=wanted.status)
        charge = account.charge_of(wanted.identity, at=at)
        # A refund is made first; only then can it fail or be cancelled.
        ends = wanted.status in {"failed", "canceled"}
        made = account.refund(
            charge,
            at=at,
            amount=wanted.cents,
            status="pending" if ends else wanted.status,
            pending_reason=refunds.UNFUNDED if wanted.unfunded else None,
        )
        return account.settle_refund(made["id"], at=at, status=wanted.status) if ends else made

    return _changed(session, change)


def dispute(session: Session, wanted: DisputeRequest) -> Outcome:
    """A new dispute of a payment, or the next stage of a dispute."""
    status = wanted.status
    allowed = disputes.OPENINGS if wanted.is_new else disputes.STATUSES
    if status not in allowed:
        raise _unknown_status(status, "new dispute" if wanted.is_new else "dispute", allowed)
    if wanted.is_claim and not wanted.is_new:
        raise UsageError("What a dispute claims cannot be changed.", "Nothing was changed.")
    if wanted.prevented_by and status != "prevented":
        raise UsageError("--prevented-by goes with --status prevented.", "Nothing was changed.")

    def change(app: SandboxApp) -> Any:
        account, at = app.stripe.account, app.now()
        if not wanted.is_new:
            return account.turn_dispute(wanted.identity, at=at, status=status)
        return account.dispute(
            account.charge_of(wanted.identity, at=at),
            at=at,
            status=status,
            prevented_by=wanted.prevented_by or "block",
            amount=wanted.cents,
            currency=_currency(wanted.currency) if wanted.currency else None,
            withdrawn=wanted.withdrawn,
        )

    return _changed(session, change)


def product(session: Session, identity: str, *, active: bool) -> Outcome:
    """Stop selling one of the shop's products, or sell it again."""

    def change(app: SandboxApp) -> Any:
        return app.stripe.account.update_product(identity, at=app.now(), active=active)

    def text(made: Any) -> str:
        return f"{made['id']}: product, {'active' if made['active'] else 'inactive'}."

    return _changed(session, change, text, ("id", "object", "active"))


def _money(made: Any) -> str:
    money = format_money(made["amount"], made["currency"])
    return f"{made['id']}: {made['object']} of {money}, {made['status']}."


def _changed(
    session: Session,
    change: Callable[[SandboxApp], Any],
    text: Callable[[Any], str] = _money,
    names: tuple[str, ...] = ("id", "object", "amount", "currency", "status"),
) -> Outcome:
    with opened(session) as app, translated_errors():
        try:
            made = change(app)
        except StripeError as error:
            raise UsageError(f"{str(error).rstrip('.')}.", "Nothing was changed.") from error
    return text_outcome({name: made[name] for name in names}, text(made))


def _intent(app: SandboxApp, identity: str) -> Any:
    with app.stripe.account.writing(app.now()) as writer:
        return writer.get("payment_intent", identity)


def _currency(code: str) -> str:
    return str(Currency().read(code, "currency"))


def _unknown_status(status: str, of: str, allowed: tuple[str, ...]) -> UsageError:
    return UsageError(f"{status!r} is not a status of a {of}.", f"Choose {', '.join(allowed)}.")
