"""`cascade sandbox event`: any event that Stripe may send, for a webhook to cope with."""

from __future__ import annotations

import json
from typing import Any

from cascade_cli.cli.sandbox.options import EventRequest
from cascade_cli.cli.sandbox.run import opened, text_outcome, translated_errors
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.errors import UsageError
from cascade_cli.sandbox.stripe import StripeError

_UNCHANGED = "Nothing was sent."


def event(session: Session, wish: EventRequest) -> Outcome:
    """Send the event. Raises UsageError for invalid JSON, and for an event that Stripe could not
    send."""
    subject = None if wish.subject is None else _json("--object", wish.subject)
    pairs = [text.partition("=") for text in wish.said or ()]
    said = {name: _json(f"--set {name}", value) for name, _, value in pairs}
    with opened(session) as app, translated_errors():
        account, at = app.stripe.account, app.now()
        try:
            made = account.announce(
                wish.type, at=at, subject=subject, said=said, lacking=wish.lacking or ()
            )
        except StripeError as error:
            raise UsageError(str(error), _UNCHANGED) from error
    return text_outcome(
        {"id": made["id"], "type": wish.type}, f"{made['id']}: {escape(wish.type)}."
    )


def _json(option: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise UsageError(f"{option}: {text[:80]!r} is not JSON.", _UNCHANGED) from None
