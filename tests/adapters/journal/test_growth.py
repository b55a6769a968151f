"""What a credit and `status` ask does not take longer as the journal grows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from tests.adapters.journal.shared_journal import ANNA, LEASE, SharedJournal, claim, deliver, intent

KEY = "cascade_payment_pi_1"


@contextmanager
def statements_told() -> Iterator[list[tuple[str, Any]]]:
    told = list[tuple[str, Any]]()

    def tell(_connection: object, _cursor: object, sql: str, values: Any, *_: object) -> None:
        told.append((sql, values))

    event.listen(Engine, "before_cursor_execute", tell)
    try:
        yield told
    finally:
        event.remove(Engine, "before_cursor_execute", tell)


def plan_of(shared: SharedJournal, sql: str, values: Any) -> str:
    with shared.engine.connect() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        return "\n".join(step.detail for step in steps)


@pytest.mark.parametrize("base", ["", "appVenice"])
def test_no_statement_of_a_credit_or_of_status_reads_all_entries_claims_or_events(
    sqlite_journal: SharedJournal, base: str
) -> None:
    worker = replace(ANNA, base=base)
    journal = sqlite_journal.journal(worker)
    deliver(journal, [KEY])
    since = sqlite_journal.clock() - timedelta(days=1)
    inbox = Inbox(Database(sqlite_journal.url), worker, now=sqlite_journal.clock)
    with statements_told() as told:
        twin = intent("another", refuse_twin_since=since, ducats=Decimal(7), cause="manual")
        claim(journal, twin, limit=Decimal(1000))
        journal.attempt(["another"], "create", lease=LEASE)
        journal.unannounced_transfers(since)
        journal.sent_since(since)
        journal.promises([KEY])
        journal.attempts([KEY])
        journal.keys_in_progress([KEY], since)
        journal.ducats_today()
        journal.ducats_promised_since(since)
        list(journal.entries(limit=10))
        list(journal.entries(key=KEY))
        journal.head()
        inbox.due(9)
        inbox.about(["evt_1"])
        inbox.needing_attention(since)
    asked = [(sql, values) for sql, values in told if sql.startswith(("SELECT", "UPDATE"))]
    assert len(asked) > 15
    plans = {sql: plan_of(sqlite_journal, sql, _first(values)) for sql, values in asked}
    large = ("cascade_entries", "cascade_claims", "cascade_events")
    reading_all = [
        (sql, plan)
        for sql, plan in plans.items()
        if any(f"SCAN {table}" in plan for table in large) and not plan.startswith("CO-ROUTINE")
    ]
    assert reading_all == []
    # By the base alone SQLite would read all that a shop ever wrote.
    assert not [plan for plan in plans.values() if "(base=?" in plan]


def _first(values: Any) -> Any:
    """Of a statement that is sent with many, the first."""
    return values[0] if isinstance(values, list) else values
