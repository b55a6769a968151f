"""Areas `processor`, `older` and `venice`: the citizen who pays, the older connector, and the API.

No ducats depend on the API. The game shows balances through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.money import exactly, format_ducats
from cascade_cli.domain.names import no_citizen
from cascade_cli.domain.orders import enough
from cascade_cli.domain.processor import Citizen
from cascade_cli.domain.runway import RUNWAY_LOW_DAYS, RUNWAY_OUT_DAYS, Finances
from cascade_cli.domain.shell import command
from cascade_cli.domain.stratagems import Stratagem
from cascade_cli.domain.times import format_span

_REPLENISH = "cascade citizen replenish --by N"

THERE = green("processor.there", "citizen")
MISSING = red(
    "processor.missing",
    "citizen",
    "The engine fails every transfer: Sender not found.",
    "cascade citizen setup, or set CASCADE_PROCESSOR to the right name.",
)
SEVERAL = red(
    "processor.several",
    "citizen",
    "Any of them may pay, and cascade refuses to write their balances.",
    "Delete all but one in the base, by hand.",
)
OUT_OF_REACH = green("processor.out_of_reach", "InVenice")
IN_VENICE = amber(
    "processor.in_venice",
    "InVenice",
    "The city's jobs choose among citizens whose InVenice is true, the wealthiest first. They may "
    "move the processor into a house and charge it rent.",
    "cascade citizen setup (it sets InVenice to false; the engine needs only the name)",
)
SOLVENT = green("processor.solvent", "balance")
INSOLVENT = red(
    "processor.insolvent",
    "balance",
    "The engine will fail transfers that customers have paid for: Insufficient funds.",
    _REPLENISH,
)
SMALL = amber(
    "processor.small",
    "balance",
    "One sale of the largest allowed size would fail: Insufficient funds.",
    _REPLENISH,
)
LASTS = green("processor.lasts", "runway")
LOW = amber(
    "processor.low",
    "runway",
    "At the rate of the last 14 days, the ducats run out soon. Then paid transfers fail.",
    _REPLENISH,
)
OUT = red(
    "processor.out",
    "runway",
    "At the rate of the last 14 days, the ducats run out within a day. Then paid transfers fail.",
    _REPLENISH,
)


def judge_processor(username: str, called: Sequence[Citizen]) -> Iterator[Check]:
    """Its record. `called` has those of this name, and those whose names look like it."""
    exact = [citizen for citizen in called if citizen.username == username]
    if not exact:
        yield MISSING.seen(no_citizen(username, (citizen.username for citizen in called)))
    elif len(exact) > 1:
        records = ", ".join(citizen.record_id for citizen in exact)
        yield SEVERAL.seen(f"{len(exact)} citizens are called {username} ({records})")
    else:
        yield THERE.seen(f"{username} ({exact[0].record_id})")
        yield _judge_presence(exact[0])


def _judge_presence(processor: Citizen) -> Check:
    """Can the city's other jobs choose the processor?"""
    if processor.in_venice:
        return IN_VENICE.seen("true")
    return OUT_OF_REACH.seen("false: no other job chooses it")


def judge_finances(finances: Finances, largest_credit: Decimal) -> Iterator[Check]:
    """Can it pay what is in flight, then one large sale, then the next days?"""
    balance, owed = finances.ducats, finances.owed
    found = f"{_d(balance)} ducats; {_d(owed)} are in flight"
    with exactly():
        left = balance - owed
    if left < 0:
        short = format_ducats(enough(-left))
        advice = command("citizen", "replenish", "--by", short)
        yield INSOLVENT.seen(f"{found}: {_d(-left)} are missing", advice=advice)
    elif left < largest_credit:
        yield SMALL.seen(f"{found}, and one credit may be as large as {_d(largest_credit)}")
    else:
        yield SOLVENT.seen(found)
    yield _judge_runway(finances)


def _judge_runway(finances: Finances) -> Check:
    days = finances.runway_days
    if days is None:
        return LASTS.seen("no end in sight: nothing was paid out in 14 days")
    found = f"{_d(days)} days at {_d(finances.daily_outflow)} ducats a day"
    if days < RUNWAY_OUT_DAYS:
        return OUT.seen(found)
    return (LOW if days < RUNWAY_LOW_DAYS else LASTS).seen(found)


def _d(ducats: Decimal) -> str:
    return format_ducats(ducats, grouped=True)


LEGACY_LATELY = timedelta(days=2)
LEGACY_LOOKED_BACK = timedelta(days=30)
# So many payers are named.
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
    name = last.stratagem_id or last.record_id
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
    Venice does not answer so.
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
