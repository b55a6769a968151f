"""Area `processor`: whether the citizen who pays exists, is solvent, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cascade_cli.domain.delivery.runway import RUNWAY_LOW_DAYS, RUNWAY_OUT_DAYS, Finances
from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.records.citizens import CitizenRow, unknown_citizen_clause
from cascade_cli.domain.shop.money import enough, exactly, format_ducats
from cascade_cli.domain.shop.shell import command

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


def judge_processor(username: str, called: Sequence[CitizenRow]) -> Iterator[Check]:
    """The processor's record. `called` has the citizens of this name, and those whose names look
    like it."""
    exact = [citizen for citizen in called if citizen.username == username]
    if not exact:
        others = (citizen.username for citizen in called)
        yield MISSING.seen(unknown_citizen_clause(username, others))
    elif len(exact) > 1:
        records = ", ".join(citizen.record_id for citizen in exact)
        yield SEVERAL.seen(f"{len(exact)} citizens are called {username} ({records})")
    else:
        yield THERE.seen(f"{username} ({exact[0].record_id})")
        yield _judge_presence(exact[0])


def _judge_presence(processor: CitizenRow) -> Check:
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
