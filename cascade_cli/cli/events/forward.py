"""`cascade events replay --forward-to`: sends the events themselves to a webhook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.text import Text

from cascade_cli.adapters.stripe.events import EventReader
from cascade_cli.adapters.stripe.webhook_sender import Reply, Webhook
from cascade_cli.cli.events.run import ChosenEvents
from cascade_cli.cli.terminal.confirmation import confirm
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.errors import (
    CascadeError,
    ExitCode,
    ServiceError,
    SettingsError,
    UnreachableError,
    UsageError,
)
from cascade_cli.settings import ENDPOINT_SECRET, WEBHOOK_SECRET
from cascade_cli.wiring.connection import connected


@dataclass(frozen=True)
class Forwarding:
    """What was sent and answered; `broken` says why the rest was not sent."""

    chosen: ChosenEvents
    replies: Sequence[Reply] = ()
    broken: UnreachableError | None = None
    dry_run: bool = False

    @property
    def error(self) -> CascadeError | None:
        """Why the command has to be run again, if it has to."""
        refused = [reply for reply in self.replies if not reply.is_accepted]
        if self.broken:
            return self.broken
        if refused:
            return ServiceError(
                f"The webhook refused {len(refused)} of {len(self.replies)} events, the first is "
                f"{refused[0].event.id}: HTTP {refused[0].status}.",
                "Look into its log, then replay those events again.",
            )
        return self.chosen.error


def receiver_of(url: str) -> str:
    """The URL to show: scheme, host, port and path, without a password. Raises UsageError for an
    invalid one."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        usable, port = None, ""
    if not usable or not url.isprintable() or " " in url:
        raise UsageError(
            f"--forward-to {url[:80]!r} is not the address of a webhook.",
            "Write it like https://example.org/api/payments/webhook.",
        )
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def forward(
    session: Session,
    choose: Callable[[EventReader], ChosenEvents],
    url: str,
    *,
    dry_run: bool,
    yes: bool,
) -> Outcome:
    """Send the chosen events one by one, oldest first; each once, whatever the answer."""
    receiver = receiver_of(url)
    with connected(session) as wiring:
        secrets = wiring.settings.signing_secrets
        if not secrets:
            raise SettingsError(
                f"{WEBHOOK_SECRET.name} is not set: {WEBHOOK_SECRET.meaning}.",
                f"Copy it from the webhook's page in Stripe; {ENDPOINT_SECRET.name} works too.",
            )
        chosen = choose(wiring.events)
        if dry_run or not chosen.events:
            return _outcome(Forwarding(chosen, dry_run=dry_run), receiver)
        confirm(
            session, f"Send {format_count(len(chosen.events), 'event')} to {receiver}?", yes=yes
        )
        # While the secret is being changed, there are two. The first signs, and both are accepted.
        webhook = Webhook(url, secrets[0], session.now)
        return _outcome(_send(webhook, chosen), receiver)


def _send(webhook: Webhook, chosen: ChosenEvents) -> Forwarding:
    """Stops at the first event that nobody answers: the others would fail in the same way."""
    replies: list[Reply] = []
    for event in chosen.events:
        try:
            replies.append(webhook.post(event))
        except UnreachableError as error:
            return Forwarding(chosen, replies, error)
    return Forwarding(chosen, replies)


def _outcome(forwarding: Forwarding, receiver: str) -> Outcome:
    error = forwarding.error
    return Outcome(
        _document(forwarding, receiver),
        lambda session: _show(session.console(), forwarding, receiver),
        error.exit_code if error else ExitCode.OK,
        error,
    )


def _document(forwarding: Forwarding, receiver: str) -> dict[str, Any]:
    chosen = forwarding.chosen
    return {
        "dry_run": forwarding.dry_run,
        "forward_to": receiver,
        "complete": forwarding.error is None,
        "events": [event.id for event in chosen.events],
        "replies": [
            {"event": r.event.id, "type": r.event.type, "status": r.status, "text": r.text}
            for r in forwarding.replies
        ],
        "not_sent": len(chosen.events) - len(forwarding.replies),
        "left": len(chosen.left),
        "unknown_events": list(chosen.unknown),
    }


def _show(console: Console, forwarding: Forwarding, receiver: str) -> None:
    chosen, replies = forwarding.chosen, forwarding.replies
    for reply in replies:
        style = "green" if reply.is_accepted else "red"
        line = f"HTTP {reply.status}  {reply.event.id}  {escape(reply.event.type)}"
        console.print(Text(line, style), soft_wrap=True)
        if not reply.is_accepted and reply.text:
            console.print(Text(f"  {escape(reply.text)}", "dim"))
    accepted = sum(reply.is_accepted for reply in replies)
    would = "would be sent" if forwarding.dry_run else f"{len(replies)} sent, {accepted} accepted"
    console.print(
        f"{format_count(len(chosen.events), 'event')} to {receiver}: {would}.", soft_wrap=True
    )
    if chosen.left:
        console.print(f"--limit left out {format_count(len(chosen.left), 'event')}.")
