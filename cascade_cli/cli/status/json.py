"""The status as the `data` of `--json`; null where something is not known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cascade_cli.cli.items.json import item_document
from cascade_cli.cli.reconcile.json import refund_debts, window_document
from cascade_cli.cli.status.text import StatusScreen
from cascade_cli.domain.delivery.runway import OUTFLOW_DAYS, Finances, Sum
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.reconcile.overview import Today, in_flight, kind_counts, open_cases
from cascade_cli.domain.records.journal_entries import Holder
from cascade_cli.domain.records.stripe_events import EventState, Kept
from cascade_cli.domain.shop.money import format_ducats, format_optional
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.services.status.status_service import Records, Status


def document(shown: StatusScreen) -> dict[str, Any]:
    """Everything that the screen shows, with more digits."""
    status = shown.status
    stripe, airtable = shown.requests
    return {
        "at": rfc3339(status.terms.now),
        "mode": shown.mode,
        "window": window_document(status.window, status.terms),
        "covered_since": rfc3339(status.known_since),
        "missing": [
            {"what": gap.what, "kind": gap.error.kind, "message": gap.error.message}
            for gap in status.gaps
        ],
        "processor": _processor(shown),
        "in_flight": status.run and _in_flight(status.run),
        "discrepancies": status.run and _discrepancies(shown, status.run),
        "refund_debts": refund_debts(status.debts),
        "today": shown.today and _today(shown.today),
        "engine": _engine(status),
        "runs": status.records and _runs(status.records),
        "webhook": status.records and _webhook(status.records, status.attention),
        "requests": {"stripe": stripe, "airtable": airtable},
    }


def _processor(shown: StatusScreen) -> dict[str, Any]:
    treasury = shown.status.treasury
    return {
        "citizen": shown.processor,
        **_finances(treasury.finances if treasury else None),
        "delivered": treasury
        and [
            {"date": d.date.isoformat(), "ducats": format_ducats(d.ducats)}
            for d in treasury.delivered
        ],
    }


def _finances(finances: Finances | None) -> dict[str, Any]:
    """The same numbers as `citizen show` has."""
    if finances is None:
        return dict.fromkeys(("ducats", "owed", "outflow", "runway_days"))
    return {
        "ducats": format_ducats(finances.ducats),
        "owed": {
            "ducats": format_ducats(finances.owed),
            "live": _sum(finances.live),
            "planned": _sum(finances.planned),
        },
        "outflow": {
            "days": OUTFLOW_DAYS,
            "executed": _sum(finances.executed),
            "daily_ducats": format_ducats(finances.daily_outflow),
        },
        "runway_days": format_optional(finances.runway_days),
    }


def _in_flight(run: Run) -> dict[str, Any]:
    found = in_flight(run.result)
    return {
        "payments": found.payments,
        "ducats": format_ducats(found.ducats),
        "oldest_paid_at": found.oldest_at and rfc3339(found.oldest_at),
    }


def _discrepancies(shown: StatusScreen, run: Run) -> dict[str, Any]:
    """The numbers are about all cases; only `items` are selected."""
    result, since_last = run.result, shown.status.since_last
    found, selection = open_cases(result), shown.selection
    return {
        "total": found.number,
        "automatic": found.automatic,
        "for_people": found.for_people,
        "waiting": found.waiting,
        "counts": {k.value: result.counts.get(k, 0) for k in Kind if k.is_discrepancy},
        "by_kind": [
            {
                "kind": kind_count.kind.value,
                "severity": kind_count.kind.severity.value,
                "number": kind_count.number,
                "ducats_at_risk": format_ducats(kind_count.at_risk),
                "oldest_at": rfc3339(kind_count.oldest_at),
            }
            for kind_count in kind_counts(result)
        ],
        "decided": {how.value: number for how, number in sorted(result.decided.items())},
        "undelivered_ducats": format_ducats(result.equation.undelivered),
        "doubtful_ducats": format_ducats(result.equation.doubtful),
        "since_last": since_last and since_last.document(),
        "items": [item_document(item) for item in selection.items(result)]
        if selection.is_part
        else None,
    }


def _today(today: Today) -> dict[str, Any]:
    return {
        "promised_ducats": format_ducats(today.promised),
        "limit_ducats": format_ducats(today.limit),
        "left_ducats": format_ducats(today.left),
        "resets_at": rfc3339(today.resets_at),
    }


def _engine(status: Status) -> dict[str, Any]:
    treasury = status.treasury
    executed_at = treasury and treasury.last_executed_at
    return {
        "next_run_at": rfc3339(status.terms.schedule.next_run(status.terms.now)),
        "last_executed_at": executed_at and rfc3339(executed_at),
        "passed_over": treasury and treasury.passed_over,
    }


def _runs(records: Records) -> dict[str, Any]:
    memory = records.memory
    return {
        "last_complete": memory
        and {
            "until": rfc3339(memory.until),
            "discrepancies": sum(Kind(kind).is_discrepancy for kind in memory.open.values()),
        },
        "last_writes": [
            {"command": w.command, "operator": w.operator, "at": rfc3339(w.at)}
            for w in records.last_writes
        ],
    }


def _webhook(records: Records, attention: tuple[Kept, ...]) -> dict[str, Any]:
    return {
        "waiting": records.events[EventState.WAITING],
        "oldest_waiting_at": records.oldest_waiting and rfc3339(records.oldest_waiting),
        "worker": records.worker and _worker(records.worker),
        "credited": records.events[EventState.CREDITED],
        "recorded": records.events[EventState.RECORDED],
        "attention": [
            {
                "event": kept.accepted.event.id,
                "type": kept.accepted.event.type,
                "payment": kept.accepted.event.payment_id,
                "received_at": rfc3339(kept.accepted.received_at),
                "why": kept.note,
            }
            for kept in attention
        ],
    }


def _worker(worker: Holder) -> dict[str, Any]:
    return {
        "host": worker.host,
        "pid": worker.pid,
        "operator": worker.operator,
        "since": rfc3339(datetime.fromisoformat(worker.since)),
    }


def _sum(summed: Sum) -> dict[str, Any]:
    return {"transfers": summed.number, "ducats": format_ducats(summed.ducats)}
