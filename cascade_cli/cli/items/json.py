"""One item for `--json`: ducats as decimal strings, times as RFC 3339, null where there is none."""

from __future__ import annotations

from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.records.charges import Period, Portion
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.shop.money import format_ducats, format_optional
from cascade_cli.domain.shop.times import rfc3339


def item_document(item: Item) -> dict[str, Any]:
    """One charge or transfer."""
    charge = item.charge
    return {
        "kind": item.kind.value,
        "severity": item.severity.value,
        "payment_intent": charge and charge.payment_intent,
        "charge": charge and charge.charge_id,
        "portion": charge and portion_document(charge.portion),
        "citizen": item.citizen,
        "ducats": format_optional(item.ducats),
        "amount_cents": charge and charge.own_cents,
        "currency": charge and charge.currency,
        "paid_at": charge and rfc3339(charge.created_at),
        "period": charge and period_document(charge.period),
        "made_at": None if charge else rfc3339(item.occurred_at),
        "ducats_at_risk": format_ducats(item.at_risk),
        "stratagem_ids": [stratagem.stratagem_id for stratagem in item.stratagems],
        "stratagem_status": item.main_row and item.main_row.status,
        "matched_by": item.matched_by and item.matched_by.value,
        "evidence": list(item.evidence),
        "repair": repair_document(item.repair),
        "decision": decision_document(item.decision),
        "reopened": item.reopened or None,
    }


def repair_document(repair: Repair | None) -> dict[str, Any] | None:
    """What to type next, and whether a machine may do it."""
    return {"command": repair.command, "automatic": repair.automatic} if repair else None


def decision_document(decision: Decision | None) -> dict[str, Any] | None:
    """What a person decided."""
    if decision is None:
        return None
    return {
        "how": decision.how.value,
        "by": decision.by,
        "at": rfc3339(decision.at),
        "reason": decision.reason,
        "ducats": decision.ducats,
        "stratagem_id": decision.stratagem_id,
        "until": decision.until and rfc3339(decision.until),
    }


def portion_document(portion: Portion | None) -> dict[str, int] | None:
    """The citizen's number among all those whom the payment is for."""
    return {"number": portion.number, "of": portion.of} if portion else None


def period_document(period: Period | None) -> dict[str, str | None] | None:
    """The period that a subscription's payment covers, and its invoice."""
    if period is None:
        return None
    return {
        "since": rfc3339(period.since),
        "until": rfc3339(period.until),
        "invoice": period.invoice,
        "subscription": period.subscription or None,
    }


def gift_document(gift: Gift | None) -> dict[str, Any] | None:
    """Who gave it, and the words that came with it."""
    if gift is None:
        return None
    return {"giver": gift.giver, "message": gift.message, "anonymous": gift.anonymous}
