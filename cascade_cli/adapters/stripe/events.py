"""Read Stripe's events: from Stripe, which keeps them for a while, or from a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import stripe

from cascade_cli.adapters.stripe.client import translated_errors
from cascade_cli.adapters.stripe.documents import listed, retrieve
from cascade_cli.adapters.stripe.invoices import Invoices
from cascade_cli.adapters.stripe.purchase_parser import CITIZEN, DUCATS
from cascade_cli.adapters.stripe.ranges import whole_seconds
from cascade_cli.concurrency import Threads
from cascade_cli.domain.records.stripe_events import UNDATED, Event
from cascade_cli.domain.shop.keys import INVOICE_ID, LONGEST, PAYMENT_ID
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import UsageError

EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,200}")
_EVENTS = "/v1/events"
_PATHS = {"in_": "/v1/invoices", "pi_": "/v1/payment_intents"}
_MOST_TYPES = 20
_LONGEST_TYPE = 200
# Thin events of the newer API come to the same endpoint.
_OBJECTS = ("event", "v2.core.event")
# Stripe makes no event before or after these. A moment outside them is somebody's mistake.
_EARLIEST, _LATEST = datetime(2010, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_FILE_FORM = "A file holds one event as Stripe sends it, or one such event per line (JSON lines)."
_SHOWN_LINES = 5
# The fields in which an event's object names objects of the same payment.
_SUBJECTS = ("id", "payment_intent", "charge", "latest_charge", "invoice")


class EventReader:
    """Reads events. Every method raises only errors of cascade_cli.errors."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client, self._invoices = client, Invoices(client, Threads())

    def events(self, window: Window, types: Sequence[str] = ()) -> list[Event]:
        """The events created in the window that Stripe still keeps, newest first.

        `types` narrows the answer if Stripe can do that. The caller must filter it again.
        """
        params: dict[str, Any] = {
            "created": {"gte": whole_seconds(window.since), "lt": whole_seconds(window.until)}
        }
        # Stripe takes a `*` only in `type`, and at most twenty names in `types`.
        if len(types) == 1:
            params["type"] = types[0]
        elif 1 < len(types) <= _MOST_TYPES and not any("*" in name for name in types):
            params["types"] = list(types)
        with translated_errors():
            found = filter(is_event, listed(self._client, _EVENTS, **params))
            return [to_event(document, _raw(document)) for document in found]

    def event(self, event_id: str) -> Event | None:
        """One event; None if Stripe no longer has it, or never had."""
        with translated_errors():
            document = retrieve(self._client, _EVENTS, event_id)
            return None if document is None else to_event(document, _raw(document))

    def knows(self, payment_id: str) -> bool:
        """Whether this account has the payment in this mode, paid or not."""
        path = _PATHS.get(payment_id[:3], "/v1/charges")
        with translated_errors():
            return retrieve(self._client, path, payment_id) is not None

    def sold_elsewhere(self, payment_id: str) -> tuple[str, Decimal | None] | None:
        """The citizen and the ducats (None if unclear) of an invoice that was paid outside Stripe.

        None for any other invoice or payment.
        """
        if not INVOICE_ID.fullmatch(payment_id):
            return None
        with translated_errors():
            sale = self._invoices.sold_elsewhere(payment_id, DUCATS)
        if sale is None:
            return None
        return sale.metadata.get(CITIZEN, ""), sale.sold.ducats if sale.sold else None


def _raw(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # UTF-8 cannot encode a lone surrogate, so it stays an escape.
    return text.encode("utf-8", "backslashreplace")


def is_event(document: Any) -> bool:
    """Whether the JSON is an event of Stripe's. Everything but its id may be missing."""
    if not isinstance(document, dict) or document.get("object", "event") not in _OBJECTS:
        return False
    identity = document.get("id")
    return isinstance(identity, str) and EVENT_ID.fullmatch(identity) is not None


def to_event(document: Any, raw: bytes) -> Event:
    """Convert the JSON of an event. Raises ValueError if it is not an event.

    New types and versions come without notice. Values that are missing or unusable are left out, so
    that the event is recorded and passed over: it must not stop the events beside it.
    """
    if not is_event(document):
        raise ValueError("it is not a Stripe event")
    type_, subject = _type(document.get("type")), _subject(document)
    livemode, pending = document.get("livemode"), document.get("pending_webhooks")
    return Event(
        id=document["id"],
        type=type_,
        created_at=moment_of(document.get("created")),
        livemode=livemode if isinstance(livemode, bool) else None,
        payment_id=_payment_id(type_, subject),
        subjects=frozenset(one for name in _SUBJECTS if (one := _named(subject, name))),
        pending_webhooks=max(pending, 0) if isinstance(pending, int) else 0,
        raw=raw,
    )


def moment_of(created: Any) -> datetime:
    """When Stripe made the event, as seconds or as the text of its newer events; else UNDATED."""
    try:
        is_text = isinstance(created, str)
        moment = (
            datetime.fromisoformat(created) if is_text else datetime.fromtimestamp(created, UTC)
        )
        is_plausible = _EARLIEST <= moment <= _LATEST
    except (TypeError, ValueError, OverflowError, OSError):
        return UNDATED
    return moment.astimezone(UTC) if is_plausible else UNDATED


def _type(named: Any) -> str:
    """The event's type, in characters that every journal can keep as text."""
    text = named if isinstance(named, str) else ""
    return re.sub(r"[^!-~]", "?", text)[:_LONGEST_TYPE] or "unknown"


def _subject(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that the event is about. It may have no id: an upcoming invoice has none."""
    data = document.get("data")
    subject = data.get("object") if isinstance(data, dict) else None
    return subject if isinstance(subject, dict) else {}


def _payment_id(type_: str, subject: Mapping[str, Any]) -> str | None:
    """The payment or invoice that the event is about, if any.

    This is the intent that the object names (a session does, and most charges do). Without an
    intent, it is the charge that a refund or dispute names, or the object itself.

    Since 2025 an invoice names no payment, and a subscription's session names only its invoice. An
    invoice payment, which ties the two, names both.
    """
    named = _named(subject, "payment_intent")
    if type_.startswith("invoice_payment.") and isinstance(subject.get("payment"), Mapping):
        named = _named(subject["payment"], "payment_intent")
    if named is None and type_.startswith("checkout.session."):
        named = _named(subject, "invoice")
    elif named is None:
        named = _named(subject, "charge") or _named(subject, "id")
    forms = (PAYMENT_ID, INVOICE_ID)
    return named if named and any(form.fullmatch(named) for form in forms) else None


def _named(subject: Mapping[str, Any], name: str) -> str | None:
    """The id in that field, or the id of the expanded object in it."""
    value = subject.get(name)
    identity = value.get("id") if isinstance(value, dict) else value
    is_id = isinstance(identity, str) and len(identity) <= LONGEST
    return identity if is_id else None


def read_event_file(path: Path) -> list[Event]:
    """The events of the file, in its order. Raises UsageError, which names the wrong lines."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}.", _FILE_FORM) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is not UTF-8: {error.reason}.", _FILE_FORM) from error
    whole = _parsed(text)
    if isinstance(whole, Event):
        return [whole]
    return _events_a_line(path, text)


def _events_a_line(path: Path, text: str) -> list[Event]:
    # Only \n ends a line: a JSON string may contain other line separators unescaped.
    found = [(n, _parsed(line)) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    wrong = [f"line {n}: {parsed}" for n, parsed in found if isinstance(parsed, str)]
    if wrong or not found:
        more = f"; and {len(wrong) - _SHOWN_LINES} more" if len(wrong) > _SHOWN_LINES else ""
        what = "; ".join(wrong[:_SHOWN_LINES]) + more if wrong else "it is empty"
        raise UsageError(
            f"All of {str(path)!r} was refused, nothing was written: {what}.", _FILE_FORM
        )
    return [parsed for _, parsed in found if isinstance(parsed, Event)]


def _parsed(text: str) -> Event | str:
    """The event, or what is wrong with it."""
    stripped = text.strip()
    try:
        document: Any = json.loads(stripped)
        return to_event(document, stripped.encode())
    except json.JSONDecodeError as error:
        return f"it is not JSON ({error.msg}, character {error.pos + 1})"
    except (ValueError, RecursionError) as error:
        return str(error)
