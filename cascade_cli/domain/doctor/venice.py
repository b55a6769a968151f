"""Areas `older` and `venice`: whether the older connector still writes, and Venice's API.

No ducats depend on the API. The game shows balances through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.times import format_span

LEGACY_LATELY = timedelta(days=2)
LEGACY_LOOKED_BACK = timedelta(days=30)
# At most this many payers are named.
_MOST_PAYERS = 3
_STOP_LEGACY = (
    "Remove its webhook from Stripe and stop it. Then find what it left undone or did twice: "
    "cascade reconcile --since 30d"
)

LEGACY_SILENT = green("older.silent", "its transfers")
LEGACY_RECENT = amber(
    "older.recent",
    "its transfers",
    "It may write again. Most of its transfers expire before the engine runs, and it credits a "
    "redelivered event twice.",
    _STOP_LEGACY,
)
LEGACY_WRITING = red(
    "older.writing",
    "its transfers",
    "Its transfers name no payment, most of them expire before the engine runs, and it credits a "
    "redelivered event twice.",
    _STOP_LEGACY,
)
ONE_PAYER = green("older.one_payer", "who pays")
OTHER_PAYER = amber(
    "older.other_payer",
    "who pays",
    "A processor of an older set-up, or a stranger, makes transfers for our payments. cascade "
    "counts executed ones as paid, and leaves all others to a person.",
    "Give every machine the same CASCADE_PROCESSOR; then: cascade stratagem status ID.",
)


def judge_legacy(rows: Sequence[Stratagem], now: datetime) -> Check:
    """`rows` are the older connector's transfers since LEGACY_LOOKED_BACK."""
    if not rows:
        return LEGACY_SILENT.seen(f"none in {LEGACY_LOOKED_BACK.days} days")
    last = max(rows, key=lambda row: row.created_at)
    life = f", to live {format_span(last.expires_at - last.created_at)}" if last.expires_at else ""
    found = (
        f"{len(rows)} in {LEGACY_LOOKED_BACK.days} days, "
        f"the last {format_span(now - last.created_at)} ago{life}"
    )
    return (LEGACY_WRITING if now - last.created_at <= LEGACY_LATELY else LEGACY_RECENT).seen(found)


def judge_payers(rows: Sequence[Stratagem]) -> Check:
    """`rows` are the transfers since LEGACY_LOOKED_BACK that are not paid by the processor."""
    if not rows:
        return ONE_PAYER.seen(f"only the processor in {LEGACY_LOOKED_BACK.days} days")
    names = sorted({row.other_processor for row in rows})
    payers = ", ".join(map(repr, names[:_MOST_PAYERS]))
    last = max(rows, key=lambda row: row.created_at)
    name = last.name
    return OTHER_PAYER.seen(
        f"{len(rows)} in {LEGACY_LOOKED_BACK.days} days by {payers}; "
        f"the last is {name} ({last.status})"
    )


_NO_DUCATS = "No ducats depend on it, but citizens see their balance through it."
_SUCCESS = range(200, 300)
_REFUSALS = frozenset({401, 403})
_NOT_FOUND = 404

API_GOOD = green("venice.good", "API")
API_UNREACHABLE = amber(
    "venice.unreachable",
    "API",
    _NO_DUCATS,
    "Check VENICE_API_URL. If it is right, ask Venice's operators.",
)
API_FAILING = amber("venice.failing", "API", _NO_DUCATS, "Ask Venice's operators.")
API_REFUSED = amber("venice.refused", "API", _NO_DUCATS, "Check VENICE_API_KEY.")
API_STRANGER = amber(
    "venice.stranger",
    "API",
    "It reads another base or an older copy, or repeats an old answer (for up to 5 minutes).",
    "Run doctor again in 5 minutes. If nothing changes, check VENICE_API_URL and AIRTABLE_BASE_ID.",
)
API_SENSELESS = amber(
    "venice.senseless", "API", _NO_DUCATS, "Check VENICE_API_URL: something else answers there."
)


@dataclass(frozen=True)
class Answers:
    """The status of `GET /health`. If there is no such route, also the answer for a citizen.

    `citizen` is the username in that answer. It is empty if there is no such citizen, and None if
    the answer is not one of Venice's.
    """

    health: int
    asked_for: str
    status: int | None = None
    citizen: str | None = None


def judge_answers(answers: Answers) -> Check:
    """Without a health route, the answer for a citizen decides."""
    status = answers.health if answers.status is None else answers.status
    if status in _REFUSALS:
        return API_REFUSED.seen(f"HTTP {status}")
    if answers.health in _SUCCESS:
        return API_GOOD.seen("/health answers")
    if answers.status is None or status not in {200, _NOT_FOUND}:
        return API_FAILING.seen(f"HTTP {status}")
    if answers.citizen is None:
        found = f"HTTP {status} for /citizens/{answers.asked_for}, but no answer of Venice's"
        return API_SENSELESS.seen(found)
    if answers.citizen != answers.asked_for:
        return API_STRANGER.seen(f"it knows no citizen {answers.asked_for}")
    return API_GOOD.seen(f"no health route; it knows {answers.citizen}")
