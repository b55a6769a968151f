"""The older connector and older set-ups: do they still write?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cascade_cli.domain.checkup.result import Check, amber, green, red
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.times import format_span

LATELY = timedelta(days=2)
LOOKED_BACK = timedelta(days=30)
# Names of payers that are shown.
_MOST = 3
_ADVICE = (
    "Take its webhook out of Stripe and stop it; then: cascade reconcile --since 30d, for what it "
    "left undone or did twice."
)

SILENT = green("older.silent", "its transfers")
RECENT = amber(
    "older.recent",
    "its transfers",
    "It may write again: its transfers mostly expire before the engine runs, and a redelivered "
    "event is credited twice.",
    _ADVICE,
)
WRITING = red(
    "older.writing",
    "its transfers",
    "Its transfers name no payment, mostly expire before the engine runs, and a redelivered event "
    "is credited twice.",
    _ADVICE,
)
ONE_PAYER = green("older.one_payer", "who pays")
OTHER_PAYER = amber(
    "older.other_payer",
    "who pays",
    "Another processor of an older set-up, or a stranger, makes transfers for our payments. What "
    "was executed counts as paid; all else cascade leaves to a person.",
    "Give every machine the same CASCADE_PROCESSOR; then: cascade stratagem status ID.",
)
FINDINGS = (SILENT, RECENT, WRITING, ONE_PAYER, OTHER_PAYER)


def judge_legacy(rows: Sequence[Stratagem], now: datetime) -> Check:
    """`rows` are its transfers since LOOKED_BACK."""
    if not rows:
        return SILENT.seen(f"none in {LOOKED_BACK.days} days")
    last = max(rows, key=lambda row: row.created_at)
    life = f", to live {format_span(last.expires_at - last.created_at)}" if last.expires_at else ""
    found = (
        f"{len(rows)} in {LOOKED_BACK.days} days, the last {format_span(now - last.created_at)} "
        f"ago{life}"
    )
    return (WRITING if now - last.created_at <= LATELY else RECENT).seen(found)


def judge_payers(rows: Sequence[Stratagem]) -> Check:
    """`rows` are the transfers since LOOKED_BACK that another than the processor pays."""
    if not rows:
        return ONE_PAYER.seen(f"nobody but the processor in {LOOKED_BACK.days} days")
    payers = ", ".join(repr(name) for name in sorted({row.other_processor for row in rows})[:_MOST])
    last = max(rows, key=lambda row: row.created_at)
    name = last.stratagem_id or last.record_id
    return OTHER_PAYER.seen(
        f"{len(rows)} in {LOOKED_BACK.days} days by {payers}; the last is {name} ({last.status})"
    )
