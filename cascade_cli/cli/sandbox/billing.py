"""`cascade sandbox subscription`: renewals, and whatever else happens to subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cascade_cli.cli.sandbox.options import BillingStep
from cascade_cli.cli.sandbox.run import opened, text_outcome, translated_errors
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.shop.money import format_money
from cascade_cli.errors import UsageError
from cascade_cli.sandbox.stripe import StripeAccount, StripeError


def subscription(session: Session, change: BillingStep) -> Outcome:
    """One step in a subscription's life. Raises UsageError for an unknown step."""
    step, identity = change.step, change.identity
    if step not in STEPS:
        raise UsageError(f"{step!r} is not a step.", f"Choose {', '.join(STEPS)}.")
    _check(change)
    with opened(session) as app, translated_errors():
        account, at = app.stripe.account, app.now()
        try:
            # Somebody who has just paid knows only the session (cs_…). It names the subscription.
            if identity.startswith("cs_"):
                identity = account.subscription_of(identity, at=at)
            made = STEPS[step](account, identity, at, change)
        except StripeError as error:
            raise UsageError(f"{str(error).rstrip('.')}.", "Nothing was changed.") from error
    text, data = f"{made['id']}: {made['object']}, {made.get('status', 'changed')}.", _facts(made)
    if made["object"] == "invoice":
        money = format_money(made["amount_due"], made["currency"])
        text = f"{made['id']}: invoice over {money}, {made['status']}."
    return text_outcome(data, text)


def _facts(made: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "object", "status", "currency", "amount", "amount_due", "amount_paid", "balance")
    return {name: made[name] for name in names if name in made}


def _check(change: BillingStep) -> None:
    needed = _NEEDED.get(change.step, ())
    missing = [f"--{name}" for name in needed if getattr(change, name) is None]
    if missing:
        raise UsageError(
            f"The step {change.step} needs {' and '.join(missing)}.", "Nothing was changed."
        )


_NEEDED = {
    "change": ("product", "cents"),
    "add": ("product", "cents"),
    "credit": ("cents",),
    "discount": ("cents",),
}


def _changed(account: StripeAccount, id_: str, at: datetime, change: BillingStep) -> Any:
    listed = None
    if change.listed_cents is not None:
        own = account.subscription(id_, at=at)["currency"]
        listed = ("eur" if own == "usd" else "usd"), change.listed_cents
    return account.change_plan(
        id_,
        at=at,
        product=change.product or "",
        unit_amount=change.cents or 0,
        quantity=change.quantity,
        listed=listed,
    )


def _added(account: StripeAccount, id_: str, at: datetime, change: BillingStep) -> Any:
    product, cents = change.product or "", change.cents or 0
    return account.add_product(
        id_, at=at, product=product, unit_amount=cents, quantity=change.quantity
    )


def _sent(account: StripeAccount, id_: str, at: datetime, _change: BillingStep) -> Any:
    account.update_subscription(id_, at=at, collection_method="send_invoice")
    return account.renew(id_, at=at)


def _attached(account: StripeAccount, id_: str, at: datetime, change: BillingStep) -> Any:
    invoice = str(account.subscription(id_, at=at)["latest_invoice"])
    if change.payment:
        return account.attach_payment(invoice, change.payment, at=at, amount=change.cents)
    return account.attach(invoice, at=at, amount=change.cents)


def _credited(account: StripeAccount, id_: str, at: datetime, change: BillingStep) -> Any:
    customer = str(account.subscription(id_, at=at)["customer"])
    return account.give_credit(customer, at=at, amount=change.cents or 0)


def _discounted(account: StripeAccount, id_: str, at: datetime, change: BillingStep) -> Any:
    applies = {"applies_to": {"products": [change.product]}} if change.product else {}
    currency = account.subscription(id_, at=at)["currency"]
    return account.discount(id_, at=at, amount_off=change.cents or 0, currency=currency, **applies)


STEPS: dict[str, Callable[[StripeAccount, str, datetime, BillingStep], Any]] = {
    "renew": lambda account, id_, at, _: account.renew(id_, at=at),
    "fail": lambda account, id_, at, _: account.renew(id_, at=at, fails=True),
    "pay": lambda account, id_, at, _: account.pay_invoice(id_, at=at),
    "pay-elsewhere": lambda account, id_, at, _: account.pay_invoice(id_, at=at, elsewhere=True),
    "send": _sent,
    "attach": _attached,
    "credit": _credited,
    "discount": _discounted,
    "add": _added,
    "change": _changed,
    "pause": lambda account, id_, at, _: account.update_subscription(
        id_, at=at, pause_collection={"behavior": "void"}
    ),
    "resume": lambda account, id_, at, _: account.update_subscription(
        id_, at=at, pause_collection=None
    ),
    "cancel": lambda account, id_, at, _: account.cancel_subscription(id_, at=at),
}
