"""Journal entries in a few words."""

from __future__ import annotations

import json

from cascade_cli.domain.journal import Entry, EntryKind, Fate
from cascade_cli.domain.orders import Cause


def describe_entry(entry: Entry) -> str:
    """What happened."""
    body = entry.body
    if entry.kind is EntryKind.INTENT:
        ducats, citizen = body.get("ducats"), body.get("citizen")
        if body.get("cause") == Cause.REFUND:
            return f"{ducats} ducats to be taken back from {citizen!r}"
        return f"promised {ducats} ducats to {citizen!r}"
    if entry.kind is EntryKind.ATTEMPT:
        return f"about to {body.get('action')}"
    if entry.kind is EntryKind.OUTCOME:
        fate = body.get("fate")
        return f"{body.get('action')}: {'done' if fate == Fate.APPLIED else fate}"
    if entry.kind is EntryKind.TAKEOVER:
        return f"took over from {_json(body.get('from'))}"
    return _json(body)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
