"""Area `webhook`: whether Stripe reports payments to us, and whether they arrive.

Stripe never shows an endpoint's secret again, so nobody can compare it with the setting. The only
proof that the two match is an accepted event, unless it was forwarded from this machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.records.stripe_events import PAYING_TYPES
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.times import format_moment, format_span

# The legacy payment API's webhook has the same path.
PATH = "/api/payments/webhook"
CREDITED_TYPE = "payment_intent.succeeded"
RECORDED_TYPES = (
    "payment_intent.payment_failed",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
)
LEGACY_TYPE = "charge.refund.updated"
"""Stripe sends it for some payment methods, beside refund.updated. An endpoint that gets that one
does not need it."""
RETRY_SOON = timedelta(hours=1)
LATE_AFTER = timedelta(minutes=5)
LOOKED_BACK = timedelta(days=7)

ENDPOINT_GOOD = green("webhook.endpoint_good", "endpoint")
NONE = amber(
    "webhook.none",
    "endpoint",
    "Nobody hears of payments, so ducats wait for the next reconciliation with --repair.",
    f"Add one in the Stripe dashboard (Developers, Webhooks), to https://…{PATH}.",
)
ELSEWHERE = amber(
    "webhook.elsewhere",
    "endpoint",
    f"`cascade serve` listens at {PATH}. These addresses lead somewhere else.",
    "If cascade should credit payments as they arrive, add an endpoint for it.",
)
DISABLED = red(
    "webhook.disabled",
    "endpoint",
    "Stripe sends nothing to it, so ducats wait for the next reconciliation with --repair.",
    "Enable it in the Stripe dashboard, then: cascade events replay --since 7d",
)
DEAF = red(
    "webhook.deaf",
    "events",
    "It never hears that somebody paid.",
    f"Add {CREDITED_TYPE} to the endpoint's events.",
)
PARTIAL = amber(
    "webhook.partial",
    "events",
    "Some failed payments, refunds or disputes do not reach the journal. `cascade explain` does "
    "not show them, and CASCADE_REFUNDS=auto does not act on them.",
    "Add them to the endpoint's events.",
)
TYPES_GOOD = green("webhook.types_good", "events")
SEVERAL = amber(
    "webhook.several",
    "receivers",
    "If two of them credit, each payment is credited twice. The older payment API credits too, and "
    "checks no signature.",
    "Disable all but one.",
)
SECRET_GOOD = green("webhook.secret_good", "secret")
SECRET_MISSING = amber(
    "webhook.secret_missing",
    "secret",
    "`cascade serve` does not start without it.",
    "Copy it from the endpoint's page in Stripe to STRIPE_WEBHOOK_SECRET, where serve runs.",
)
SECRET_MALFORMED = red(
    "webhook.secret_malformed",
    "secret",
    "Every event is refused as forged.",
    "Copy all of it from the endpoint's page in Stripe. It begins with whsec_.",
)
SECRET_UNPROVEN = amber(
    "webhook.secret_unproven",
    "secret",
    "Stripe never shows a secret again, so only an accepted event proves that this one is right.",
    "Make a test payment, or resend an event from the Stripe dashboard, then run doctor again.",
)
DELIVERED = green("webhook.delivered", "deliveries")
PAYMENTS_WAIT = red(
    "webhook.payments_wait",
    "deliveries",
    "Stripe reported payments and nobody accepted them. Is serve down, or the secret wrong?",
    "Check `cascade serve`, then: cascade events replay --since 7d",
)
OTHERS_WAIT = amber(
    "webhook.others_wait",
    "deliveries",
    "Stripe keeps trying to deliver them for up to three days.",
    "If this lasts for an hour, check `cascade serve` and the endpoint's page in Stripe.",
)
INBOX_GOOD = green("webhook.inbox_good", "accepted events")
STUCK = red(
    "webhook.stuck",
    "accepted events",
    "Stripe will not send them again, and nobody is crediting them.",
    "Start `cascade serve`, which credits them. Its /readyz says what holds it up.",
)
ATTENTION = amber(
    "webhook.attention",
    "accepted events",
    "These payments could not be credited automatically, and Stripe will not send them again.",
    "cascade reconcile --since 7d shows those that are still open, and what to do about them.",
)


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint of the account in the key's mode. `types` may hold `*`."""

    url: str
    is_enabled: bool
    types: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether it leads to where serve listens."""
        return self.url.partition("?")[0].rstrip("/").endswith(PATH)

    def hears(self, type_: str) -> bool:
        """Whether Stripe sends it events of this type."""
        return any(fnmatchcase(type_, wanted) for wanted in self.types)

    @property
    def hears_payments(self) -> bool:
        """Whether it hears when somebody paid."""
        return any(self.hears(type_) for type_ in PAYING_TYPES)


@dataclass(frozen=True)
class Undelivered:
    """An event that no endpoint has accepted yet."""

    id: str
    type: str
    created_at: datetime


@dataclass(frozen=True)
class Acceptance:
    """What the journal knows about events: when the last one was accepted, how many wait, and how
    many payments needed a person lately (`attention`)."""

    last_at: datetime | None = None
    waiting: int = 0
    oldest_waiting: datetime | None = None
    attention: int = 0


def judge_endpoints(
    endpoints: Sequence[Endpoint], acted_on: frozenset[str] = PAYING_TYPES
) -> Iterator[Check]:
    """Does exactly one receiver hear of payments, and does it hear of all that cascade acts on?"""
    ours = [e for e in endpoints if e.is_ours]
    if not endpoints:
        yield NONE.seen("the account has no webhook endpoint")
    elif not ours:
        yield ELSEWHERE.seen(", ".join(e.url for e in endpoints))
    for endpoint in ours:
        yield from _judge_ours(endpoint, sorted(acted_on - PAYING_TYPES - {LEGACY_TYPE}))
    hearing = [e.url for e in endpoints if e.is_enabled and e.hears_payments]
    if len(hearing) > 1:
        yield SEVERAL.seen(f"{len(hearing)} are told of payments: {', '.join(hearing)}")


def _judge_ours(endpoint: Endpoint, acted_on: Sequence[str]) -> Iterator[Check]:
    if not endpoint.is_enabled:
        yield DISABLED.seen(f"{endpoint.url} is disabled")
        return
    yield ENDPOINT_GOOD.seen(f"{endpoint.url} is enabled")
    wanted = dict.fromkeys((*RECORDED_TYPES, *acted_on))
    missing = [type_ for type_ in wanted if not endpoint.hears(type_)]
    if not endpoint.hears(CREDITED_TYPE):
        yield DEAF.seen(f"it is not told of {CREDITED_TYPE}")
    elif missing:
        yield PARTIAL.seen(f"it is not told of {', '.join(missing)}")
    else:
        yield TYPES_GOOD.seen("payments, failures, refunds and disputes")


def judge_secret(
    secrets: Sequence[str], endpoints: Iterable[Endpoint], accepted: Acceptance
) -> Iterator[Check]:
    """What can be known about the secret. It is needed only if an endpoint leads to us."""
    bad = [secret for secret in secrets if not secret.startswith("whsec_")]
    needed = any(e.is_ours and e.is_enabled for e in endpoints)
    if bad:
        yield SECRET_MALFORMED.seen(f"{len(bad)} of {len(secrets)} do not begin with whsec_")
    elif not needed:
        yield SECRET_GOOD.seen("set, and not needed yet" if secrets else "none needed yet")
    elif not secrets:
        yield SECRET_MISSING.seen("neither STRIPE_WEBHOOK_SECRET nor its older name is set")
    elif accepted.last_at is None:
        yield SECRET_UNPROVEN.seen("set, but this journal has accepted no signed event yet")
    else:
        yield SECRET_GOOD.seen(
            f"an event signed with it was accepted at {format_moment(accepted.last_at)}"
        )


def judge_deliveries(pending: Sequence[Undelivered], now: datetime) -> Check:
    """The events of the last 30 days that Stripe could not deliver."""
    if not pending:
        return DELIVERED.seen("none is pending")
    overdue = [
        event
        for event in pending
        if event.type in PAYING_TYPES and now - event.created_at > RETRY_SOON
    ]
    concerned = overdue or pending
    oldest = min(concerned, key=lambda event: event.created_at)
    found = (
        f"{len(concerned)} pending, the oldest {oldest.type} ({oldest.id}) "
        f"of {format_span(now - oldest.created_at)} ago"
    )
    return (PAYMENTS_WAIT if overdue else OTHERS_WAIT).seen(found)


def judge_inbox(accepted: Acceptance, now: datetime) -> Iterator[Check]:
    """Stripe does not repeat an accepted event, so we must credit it."""
    oldest = accepted.oldest_waiting
    late = oldest is not None and now - oldest > LATE_AFTER
    if oldest is not None and late:
        age = format_span(now - oldest)
        waiting = format_count(accepted.waiting, "waits", "wait")
        yield STUCK.seen(f"{waiting} to be credited, the oldest for {age}")
    if accepted.attention:
        payments = format_count(accepted.attention, "payment")
        yield ATTENTION.seen(f"{payments} of the last 7 days needed a person")
    if not late and not accepted.attention:
        yield INBOX_GOOD.seen("none is stuck")
