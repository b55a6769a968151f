"""Each base's mode (live or test), and marks: remembered values such as the end of the last
complete run and what people decided."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.entry_bodies import storable, to_json
from cascade_cli.adapters.journal.tables import bases, marks, visible
from cascade_cli.domain.records.journal_entries import RESTORED, EntryKind, Restored
from cascade_cli.domain.shop.keys import decision_key
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment, moment_text
from cascade_cli.errors import GuardError

DECISION = "decision "
RULING = "ruling "


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


def refuse_before_catch_up(transaction: Transaction) -> None:
    """Raises GuardError while a restored journal has not caught up with the base."""
    kept = mark(transaction.connection, transaction.worker.base, RESTORED)
    restored = Restored.of(kept)
    if restored and restored.is_pending:
        raise GuardError(
            f"This journal was restored from a backup ({format_moment(restored.at)}), and has not "
            "caught up with the base yet. Nothing was written.",
            f"Type first: {command('journal', 'catch-up')}",
        )


def _name(livemode: bool) -> str:
    return "live-mode payments" if livemode else "test-mode payments"


def mode_of(connection: Connection, base_id: str) -> Row[Any] | None:
    """The base's mode, and since when it has it; None while it is not bound."""
    return connection.execute(select(bases).where(bases.c.base_id == base_id)).one_or_none()


def set_mark(transaction: Transaction, name: str, body: Mapping[str, Any]) -> None:
    """Remember `body` under `name`, in place of what was remembered before."""
    base, text = transaction.worker.base, to_json(body)
    row = transaction.connection.execute(_newest(base, name)).one_or_none()
    if row is not None and base in {row.base, ""}:
        transaction.update(marks, [(row, {"body": text})])
    else:
        transaction.insert(marks, [{"name": storable(name), "body": text}])


def marks_of(connection: Connection, base: str, prefix: str) -> dict[str, dict[str, Any]]:
    """All that is remembered under names that begin with `prefix`, by the rest of the name."""
    named = marks.c.name.startswith(prefix, autoescape=True), visible(marks, base)
    # If two rows have one name, the base's own comes last and wins, because it is the newer.
    found = connection.execute(select(marks).where(*named).order_by(marks.c.name, marks.c.base))
    return {row.name.removeprefix(prefix): dict(json.loads(row.body)) for row in found}


def mark(connection: Connection, base: str, name: str) -> dict[str, Any] | None:
    """What is remembered under `name`, if anything."""
    row = connection.execute(_newest(base, name)).one_or_none()
    return None if row is None else dict(json.loads(row.body))


def _newest(base: str, name: str) -> Select[Any]:
    named = select(marks).where(marks.c.name == storable(name), visible(marks, base))
    return named.order_by(marks.c.base.desc()).limit(1)


def modes_of(connection: Connection) -> dict[str, bool]:
    """The bases that were written to, and whether each takes live payments."""
    found = connection.execute(select(bases.c.base_id, bases.c.livemode))
    return {row.base_id: row.livemode for row in found}


def keep_decision(
    transaction: Transaction,
    case: str,
    body: Mapping[str, Any],
    rulings: Mapping[str, Mapping[str, Any]],
    seen: Mapping[str, Any] | None,
) -> None:
    """Record the decision as an entry, and as marks: the newest about the case and about each row.

    Raises GuardError if the newest decision about the case is not the one `seen`.
    """
    newest = mark(transaction.connection, transaction.worker.base, DECISION + case)
    if newest != seen:
        by = newest.get("by") if newest else "nobody"
        raise GuardError(
            f"Somebody else has decided about {case} meanwhile: {by}.",
            "Nothing was written. Look again, then decide.",
        )
    kept = {"case": case, **body, "rulings": [dict(ruling) for ruling in rulings.values()]}
    transaction.append(EntryKind.RUN, decision_key(case), {"decision": kept})
    set_mark(transaction, DECISION + case, body)
    for record, ruling in rulings.items():
        set_mark(transaction, RULING + record, ruling)
