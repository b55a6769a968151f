"""Areas `stripe`, `rights` and `mode`: the key, what it may read, and test or live money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.records.stripe_events import MODES
from cascade_cli.errors import CascadeError, CredentialsError, UnreachableError

KEY_GOOD = green("stripe.key_good", "key")
KEY_REFUSED = red(
    "stripe.key_refused",
    "key",
    "Nothing that needs Stripe works: no reconciliation, no sale, no credit for a payment.",
    "Copy the key again from the Stripe dashboard (Developers, API keys).",
)
UNREACHABLE = red(
    "stripe.unreachable",
    "connection",
    "Nothing that needs Stripe works.",
    "Check the network, proxies and STRIPE_API_BASE.",
)
FAILING = red(
    "stripe.failing",
    "service",
    "Nothing that needs Stripe works until it answers again.",
    "See status.stripe.com, then run doctor again.",
)
ACCOUNT_GOOD = green("stripe.account_good", "account")
CANNOT_CHARGE = red(
    "stripe.cannot_charge",
    "account",
    "Stripe accepts no payments for this account: every sale fails.",
    "The Stripe dashboard says what it still needs from you.",
)

READ = green("rights.read", "right to read")
NEEDED = red(
    "rights.needed",
    "right to read",
    "Reconciliation cannot read both sides in full, so it judges nothing (exit code 4).",
    "Give the restricted key this right to read, in the Stripe dashboard.",
)
USEFUL = amber(
    "rights.useful",
    "right to read",
    "`cascade explain`, replays of events and doctor miss something. Without Events, "
    "`reconcile --since last` misses refunds of settled payments. Without Invoices and Prices, no "
    "window with a subscription payment can be reconciled.",
    "Give the restricted key this right to read, in the Stripe dashboard.",
)

MODE_GOOD = green("mode.good", "base and key")
BOUND = red(
    "mode.bound",
    "base and key",
    "Every command that moves ducats is refused (exit code 7).",
    "Use a key and a base of the same mode.",
)
MIXED = red(
    "mode.mixed",
    "base and key",
    "Every command that moves ducats is refused (exit code 7): payments of the other mode have "
    "been credited in this base.",
    "Use a key and a base of the same mode.",
)

DEPENDENT = ("stripe", "rights", "mode", "webhook")


def judge_failure(error: CascadeError) -> Check:
    """Why Stripe cannot be used at all."""
    if isinstance(error, CredentialsError):
        return KEY_REFUSED.seen(error.message, closes=DEPENDENT)
    finding = UNREACHABLE if isinstance(error, UnreachableError) else FAILING
    return finding.seen(error.message, closes=DEPENDENT)


@dataclass(frozen=True)
class Account:
    """The key's account. `charges_enabled` is None if the key may not know."""

    name: str
    charges_enabled: bool | None


def judge_access(account: Account, *, livemode: bool, restricted: bool) -> Iterator[Check]:
    """The key was accepted."""
    kind = "a restricted key" if restricted else "a key with all rights; a restricted one would do"
    yield KEY_GOOD.seen(f"accepted: {MODES[livemode]} mode, {kind}")
    if account.charges_enabled is None:
        yield ACCOUNT_GOOD.seen("not shown to this key")
    elif account.charges_enabled:
        yield ACCOUNT_GOOD.seen(f"{account.name} may accept payments")
    else:
        yield CANNOT_CHARGE.seen(f"{account.name} may not accept payments")


@dataclass(frozen=True)
class Right:
    """The right to read one kind of object. `refusal` is Stripe's message, empty if allowed."""

    name: str
    is_needed: bool
    refusal: str = ""


def judge_right(right: Right) -> Check:
    """Without the needed rights, nothing can be reconciled."""
    name = f"read {right.name}"
    if not right.refusal:
        return READ.seen("granted", name=name)
    return (NEEDED if right.is_needed else USEFUL).seen(right.refusal, name=name)


def judge_mode(base: str, *, livemode: bool, bound: bool | None, has_other: bool) -> Check:
    """`bound` is the mode to which the journal has bound the base, if any."""
    ours, other = MODES[livemode], MODES[not livemode]
    if bound is not None and bound != livemode:
        return BOUND.seen(f"{base} was written for {other} payments; the key is a {ours} key")
    if bound is None and has_other:
        return MIXED.seen(f"{base} holds transfers for {other} payments; the key is a {ours} key")
    since = "bound to it by the journal" if bound is not None else "not written to from here yet"
    return MODE_GOOD.seen(f"{ours} mode; {base} is {since}")
