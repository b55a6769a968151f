"""Events that somebody saved: one in a file, or one a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cascade_cli.adapters.stripe.events import to_event
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.errors import UsageError

FORM = "A file holds one event as Stripe sends it, or one such event a line (JSON lines)."
_SHOWN_LINES = 5


def read_event_file(path: Path) -> list[Event]:
    """The events of the file, in its order. Raises UsageError, naming every line that is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}.", FORM) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is not UTF-8: {error.reason}.", FORM) from error
    whole = _parsed(text)
    if isinstance(whole, Event):
        return [whole]
    return _lines(path, text)


def _lines(path: Path, text: str) -> list[Event]:
    # Only \n ends a line of JSON lines: others may stand unescaped within a JSON string.
    found = [(n, _parsed(line)) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    wrong = [f"line {n}: {parsed}" for n, parsed in found if isinstance(parsed, str)]
    if wrong or not found:
        more = f"; and {len(wrong) - _SHOWN_LINES} more" if len(wrong) > _SHOWN_LINES else ""
        what = "; ".join(wrong[:_SHOWN_LINES]) + more if wrong else "it is empty"
        raise UsageError(f"{str(path)!r} was refused whole, nothing was written: {what}.", FORM)
    return [parsed for _, parsed in found if isinstance(parsed, Event)]


def _parsed(text: str) -> Event | str:
    """The event, or what is wrong with it."""
    stripped = text.strip()
    try:
        document: Any = json.loads(stripped)
        return to_event(document, stripped.encode())
    except json.JSONDecodeError as error:
        return f"it is no JSON ({error.msg}, character {error.pos + 1})"
    except (ValueError, RecursionError) as error:
        return str(error)
