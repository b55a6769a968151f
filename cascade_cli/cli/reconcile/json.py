"""A reconciliation as the `data` of `--json`: ducats as decimal strings, times as RFC 3339."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from cascade_cli.cli.items.json import item_document
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.history.checkpoint import Changes
from cascade_cli.domain.history.verification import MemoryVerification
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.reconcile.equation import Equation
from cascade_cli.domain.reconcile.reconciliation import Selection
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import Window, rfc3339
from cascade_cli.services.reconcile.gather import Run


@dataclass(frozen=True)
class RunFacts:
    """Window and terms of a run, how many requests it took, and what changed since the last."""

    window: Window
    terms: Terms
    stripe_requests: int
    airtable_requests: int
    since_last: Changes | None = None


def document(run: Run, reading: RunFacts, selection: Selection) -> dict[str, Any]:
    """The documented object. Only `items` are selected: everything else is about the whole run."""
    coverage, result = run.coverage, run.result
    return {
        "window": window_document(reading.window, reading.terms),
        "coverage": {
            "complete": True,
            "reasons": [],
            "charges": coverage.charges,
            "stratagems": coverage.stratagems,
            "other_products": coverage.other_products,
            "unpaid": coverage.unpaid,
            "covered_since": rfc3339(run.covered_since),
            "carried": coverage.carried,
            "changed": coverage.changed,
            "named": coverage.named,
            "stripe_requests": reading.stripe_requests,
            "airtable_requests": reading.airtable_requests,
        },
        "counts": {kind.value: result.counts.get(kind, 0) for kind in Kind},
        "decided": {how.value: number for how, number in sorted(result.decided.items())},
        "ducats": _ducats(result.equation),
        "refund_debts": refund_debts(result.debts),
        "manual_credits": result.manual,
        "for_earlier_payments": result.elsewhere,
        "since_last": reading.since_last and reading.since_last.document(),
        "verified": run.verification and _verified(run.verification),
        "items": [item_document(item) for item in selection.items(result)],
    }


def refund_debts(debts: Mapping[str, Decimal]) -> list[dict[str, str]]:
    """What could not be taken back, by payment."""
    owed = sorted(debts.items())
    return [{"payment": payment, "ducats": format_ducats(ducats)} for payment, ducats in owed]


def incomplete_document(
    window: Window, terms: Terms, requests: tuple[int, int], reason: str
) -> dict[str, Any]:
    """Nothing is judged on partial data: what was not read would look missing."""
    return {
        "window": window_document(window, terms),
        "coverage": {
            "complete": False,
            "reasons": [reason],
            "charges": None,
            "stratagems": None,
            "stripe_requests": requests[0],
            "airtable_requests": requests[1],
        },
        "counts": {},
        "decided": {},
        "ducats": None,
        "items": [],
    }


def window_document(window: Window, terms: Terms) -> dict[str, Any]:
    """What was read, and how long a payment may wait for its transfer."""
    return {
        "since": rfc3339(window.since),
        "until": rfc3339(window.until),
        "grace_seconds": int(terms.grace.total_seconds()),
    }


def _ducats(equation: Equation) -> dict[str, str]:
    named = {field.name: getattr(equation, field.name) for field in fields(equation)}
    return {name: format_ducats(value) for name, value in named.items()} | {
        "residual": format_ducats(equation.residual)
    }


def _verified(verification: MemoryVerification) -> dict[str, Any]:
    return {
        "depth": verification.depth.value,
        "checked": verification.checked,
        "wrong": list(verification.wrong),
    }
