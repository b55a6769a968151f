"""Each base's mode, live or test, and marks such as the end of the last complete run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from cascade_cli.adapters.journal.bodies import moment_text, storable, to_json
from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.schema import bases, marks
from cascade_cli.domain.journal import EntryKind
from cascade_cli.domain.times import format_moment
from cascade_cli.errors import GuardError


def bind_mode(transaction: Transaction, base_id: str, livemode: bool) -> None:
    """Bind the base at its first write. Raises GuardError if it was bound the other way."""
    bound = mode_of(transaction.connection, base_id)
    if bound is None:
        row = {"base_id": base_id, "livemode": livemode, "since": moment_text(transaction.at)}
        transaction.insert(bases, [row])
        transaction.append(EntryKind.RUN, "", {"base": base_id, "livemode": livemode})
    elif bound.livemode != livemode:
        since = format_moment(datetime.fromisoformat(bound.since))
        raise GuardError(
            f"The base {base_id} has been written for {_name(bound.livemode)} since {since}; "
            f"{_name(livemode)} may not be written to it. Nothing was written.",
            "Use the Stripe key of the same mode, or another base.",
        )


def _name(livemode: bool) -> str:
    return "live-mode payments" if livemode else "test-mode payments"


def mode_of(connection: Connection, base_id: str) -> Row[Any] | None:
    """The base's mode and since when, or None while it is not bound."""
    return connection.execute(select(bases).where(bases.c.base_id == base_id)).one_or_none()


def set_mark(transaction: Transaction, name: str, body: Mapping[str, Any]) -> None:
    """Remember `body` under `name`, in place of what stood there."""
    name, text = storable(name), to_json(body)
    present = transaction.connection.execute(select(marks).where(marks.c.name == name))
    if row := present.one_or_none():
        transaction.update(marks, [(row, {"body": text})])
    else:
        transaction.insert(marks, [{"name": name, "body": text}])


def marks_of(connection: Connection, prefix: str) -> dict[str, dict[str, Any]]:
    """All that is remembered under names that begin so, by the rest of the name."""
    named = marks.c.name.startswith(prefix, autoescape=True)
    found = connection.execute(select(marks).where(named).order_by(marks.c.name))
    return {row.name.removeprefix(prefix): dict(json.loads(row.body)) for row in found}


def mark(connection: Connection, name: str) -> dict[str, Any] | None:
    """What was last remembered under `name`."""
    found = connection.execute(select(marks.c.body).where(marks.c.name == storable(name)))
    text = found.scalar_one_or_none()
    return None if text is None else dict(json.loads(text))
