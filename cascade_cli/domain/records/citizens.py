"""Citizens as their records show them: what they have, and since when they exist.

If a citizen came to Venice after a transfer to that name was made, it is another person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cascade_cli.domain.records.stratagems import MAY_HAVE_MOVED, Stratagem
from cascade_cli.domain.shop.keys import Origin, is_own_key
from cascade_cli.domain.shop.times import format_moment


@dataclass(frozen=True, slots=True)
class Resident:
    """A citizen's ducats, and when the record was made."""

    ducats: Decimal
    since: datetime


@dataclass(frozen=True)
class CitizenRow:
    """A row of Venice's CITIZENS.

    If `in_venice` is true, the city's own jobs may move the citizen into a house and charge rent.
    """

    record_id: str
    username: str
    ducats: Decimal
    social_class: str = ""
    in_venice: bool = False


def successor(citizen: str | None, since: datetime | None, rows: Iterable[Stratagem]) -> str:
    """Why the citizen of that name, whose record was made at `since`, may not be the person for
    whom one of the transfers was made; empty if nothing suggests that."""
    if citizen is None or since is None:
        return ""
    for row in rows:
        there = _was_there_at(row)
        if row.concerned == citizen and there and since > there:
            return (
                f"the citizen {citizen!r} came to Venice {format_moment(since)}, after the "
                f"transfer {row.stratagem_id} was made: this may be another person of the same name"
            )
    return ""


def _was_there_at(row: Stratagem) -> datetime | None:
    """A moment at which the citizen surely existed; None if the row proves none.

    The engine finds a citizen before it moves ducats, and cascade before it makes a row. The legacy
    connector does not check: its buyer may have arrived later, and cascade may since have revived
    the row under the connector's StratagemId.
    """
    if row.state(row.created_at) in MAY_HAVE_MOVED:
        return row.executed_at or row.created_at
    is_legacy = row.origin in {Origin.LEGACY, Origin.OTHER} or not is_own_key(row.stratagem_id)
    return None if is_legacy else row.created_at
