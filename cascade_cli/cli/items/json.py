"""One item for `--json`: ducats as decimal strings, times as RFC 3339, null where there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.records.charges import Period, Portion
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import rfc3339


def item_document(item: Item) -> dict[str, Any]:
    """One charge or transfer."""
    charge = item.charge
    return {
        "kind": item.kind.value,
        "severity": item.severity.value,
        "payment_intent": charge.payment_intent if charge else None,
        "charge": charge.charge_id if charge else None,
        "portion": portion_document(charge.portion) if charge and charge.portion else None,
        "citizen": item.citizen,
        "ducats": _optional(item.ducats),
        "amount_cents": charge.own_cents if charge else None,
        "currency": charge.currency if charge else None,
        "paid_at": rfc3339(charge.created_at) if charge else None,
        "period": period_document(charge.period) if charge and charge.period else None,
        "made_at": None if charge else rfc3339(item.occurred_at),
        "ducats_at_risk": _optional(item.at_risk),
        "stratagem_ids": [stratagem.stratagem_id for stratagem in item.stratagems],
        "stratagem_status": item.telling.status if item.telling else None,
        "matched_by": item.matched_by.value if item.matched_by else None,
        "evidence": list(item.evidence),
        "repair": item.repair
        and {"command": item.repair.command, "automatic": item.repair.automatic},
        "decision": item.decision and decision_document(item.decision),
        "reopened": item.reopened or None,
    }


def decision_document(decision: Decision) -> dict[str, Any]:
    """What a person decided."""
    return {
        "how": decision.how.value,
        "by": decision.by,
        "at": rfc3339(decision.at),
        "reason": decision.reason,
        "ducats": decision.ducats,
        "stratagem_id": decision.stratagem_id,
        "until": rfc3339(decision.until) if decision.until else None,
    }


def portion_document(portion: Portion) -> dict[str, int]:
    """Which citizen of how many the payment is for."""
    return {"number": portion.number, "of": portion.of}


def period_document(period: Period) -> dict[str, str | None]:
    """What a subscription's payment was for."""
    return {
        "since": rfc3339(period.since),
        "until": rfc3339(period.until),
        "invoice": period.invoice,
        "subscription": period.subscription or None,
    }


def gift_document(gift: Gift | None) -> dict[str, Any] | None:
    """Null where it is none."""
    if gift is None:
        return None
    return {"giver": gift.giver, "message": gift.message, "anonymous": gift.anonymous}


def _optional(ducats: Decimal | None) -> str | None:
    return None if ducats is None else format_ducats(ducats)
