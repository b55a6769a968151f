"""Stories as the `data` of `--json`."""

from __future__ import annotations

from typing import Any

from cascade_cli.cli.items.json import (
    decision_document,
    gift_document,
    period_document,
    portion_document,
    repair_document,
)
from cascade_cli.domain.explain.story import (
    CitizenBalances,
    CitizenStory,
    Story,
    StoryLine,
    Verdict,
)
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import format_optional
from cascade_cli.domain.shop.times import rfc3339


def story_document(story: Story) -> dict[str, Any]:
    """One payment or transfer."""
    return {
        "id": story.identity,
        "subject": story.subject,
        "verdict": _verdict(story.verdict),
        "payment": story.charge and _charge(story.charge),
        "stratagems": [_stratagem(row) for row in story.stratagems],
        "timeline": [
            {"at": rfc3339(h.at), "source": h.source.value, "id": h.identity, "what": h.what}
            for h in story.happenings
        ],
        "checks": [
            {"question": c.question, "passed": c.passed, "evidence": c.evidence}
            for c in story.checks
        ],
        "balances": _balances(story.balances),
        "gaps": list(story.gaps),
        "portions": [_line(line) for line in story.portions],
    }


def citizen_document(story: CitizenStory) -> dict[str, Any]:
    """One citizen, with each payment and transfer."""
    return {
        "id": story.citizen,
        "subject": f"citizen {story.citizen}",
        "exists": story.exists,
        "similar": story.similar[0] if story.similar else None,
        "window": {"since": rfc3339(story.window.since), "until": rfc3339(story.window.until)},
        "items": [_line(line) for line in story.lines],
        "balances": _balances(story.balances),
    }


def _line(line: StoryLine) -> dict[str, Any]:
    return {
        "at": rfc3339(line.at),
        "id": line.identity,
        "what": line.what,
        "verdict": _verdict(line.verdict),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "kind": verdict.kind and verdict.kind.value,
        "severity": verdict.severity.value,
        "sentence": verdict.sentence,
        "evidence": list(verdict.evidence),
        "advice": verdict.advice,
        "repair": repair_document(verdict.repair),
        "decision": decision_document(verdict.decision),
        "reopened": verdict.reopened or None,
    }


def _charge(charge: Charge) -> dict[str, Any]:
    return {
        "payment_intent": charge.payment_intent,
        "charge": charge.charge_id,
        "portion": portion_document(charge.portion),
        "paid_at": rfc3339(charge.created_at),
        "amount_cents": charge.own_cents,
        "refunded_cents": charge.own_refunded_cents,
        "period": period_document(charge.period),
        "currency": charge.currency,
        "exchange_rate": None if charge.rate is None else str(charge.rate),
        "currency_rate": charge.exchange and charge.exchange.number,
        "currency_rate_date": charge.exchange and charge.exchange.day.isoformat(),
        "disputed": charge.disputed,
        "citizen": charge.citizen,
        "ducats": format_optional(charge.ducats),
        "gift": gift_document(charge.gift),
    }


def _stratagem(row: Stratagem) -> dict[str, Any]:
    return {
        "stratagem_id": row.stratagem_id,
        "record_id": row.record_id,
        "citizen": row.citizen,
        "ducats": format_optional(row.ducats),
        "status": row.status,
        "made_at": rfc3339(row.created_at),
        "expires_at": row.expires_at and rfc3339(row.expires_at),
        "executed_at": row.executed_at and rfc3339(row.executed_at),
        "engine_log": row.engine_log,
    }


def _balances(balances: CitizenBalances) -> dict[str, str | None]:
    return {
        "processor": format_optional(balances.processor),
        "citizen": format_optional(balances.citizen),
    }
