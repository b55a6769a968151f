"""Venice's own HTTP API. No ducats depend on it: the game shows balances through it."""

from __future__ import annotations

from dataclasses import dataclass

from cascade_cli.domain.doctor.findings import Check, amber, green

_NO_DUCATS = "No ducats depend on it, but citizens see their balance through it."
_SUCCESS = range(200, 300)
_REFUSALS = frozenset({401, 403})
_NOT_FOUND = 404

GOOD = green("venice.good", "API")
UNREACHABLE = amber(
    "venice.unreachable", "API", _NO_DUCATS, "Check VENICE_API_URL; else ask Venice's operators."
)
FAILING = amber("venice.failing", "API", _NO_DUCATS, "Ask Venice's operators.")
REFUSED = amber("venice.refused", "API", _NO_DUCATS, "Check VENICE_API_KEY.")
STRANGER = amber(
    "venice.stranger",
    "API",
    "It reads another base, an older copy, or keeps an old answer (for up to 5 minutes).",
    "Run doctor again in 5 minutes; then check VENICE_API_URL and AIRTABLE_BASE_ID.",
)
SENSELESS = amber(
    "venice.senseless", "API", _NO_DUCATS, "Check VENICE_API_URL: something else answers there."
)
FINDINGS = (GOOD, UNREACHABLE, FAILING, REFUSED, STRANGER, SENSELESS)


@dataclass(frozen=True)
class Answers:
    """Status of `GET /health`, and where that is no route, status and name for a citizen.

    `citizen` is the username in the answer, empty for none, and None where it is no answer of
    Venice's.
    """

    health: int
    asked_for: str
    status: int | None = None
    citizen: str | None = None


def judge_answers(answers: Answers) -> Check:
    """Where there is no health route a citizen tells."""
    status = answers.health if answers.status is None else answers.status
    if status in _REFUSALS:
        return REFUSED.seen(f"HTTP {status}")
    if answers.health in _SUCCESS:
        return GOOD.seen("/health answers")
    if answers.status is None or status not in {200, _NOT_FOUND}:
        return FAILING.seen(f"HTTP {status}")
    if answers.citizen is None:
        return SENSELESS.seen(f"HTTP {status} for /citizens/{answers.asked_for}, and no citizen")
    if answers.citizen != answers.asked_for:
        return STRANGER.seen(f"it knows no citizen {answers.asked_for}")
    return GOOD.seen(f"no health route; it knows {answers.citizen}")
