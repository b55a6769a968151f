"""Claims: one permanent row per payment and shop, with what was promised and who works on it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.entry_bodies import is_storable
from cascade_cli.adapters.journal.locks import HolderLiveness, holder_in
from cascade_cli.adapters.journal.tables import claims, entries, visible
from cascade_cli.domain.records.journal_entries import (
    CITIZEN_CAUSE,
    Attempt,
    Claim,
    ClaimState,
    EntryKind,
    Fate,
    Holder,
    Intent,
)
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.times import format_moment, moment_text
from cascade_cli.errors import UsageError

KEY_BYTES = 2000
"""PostgreSQL's index takes no longer key."""
KEYS_PER_QUERY = 500
"""The number of values in a statement is limited: to 999 in an older SQLite."""

_Change = tuple[Row[Any], dict[str, Any]]


class Claiming:
    """Answers the intents of one transaction, each by what the ones before it have left."""

    def __init__(
        self,
        transaction: Transaction,
        liveness: HolderLiveness,
        *,
        lease: timedelta,
        day_limit_ducats: Decimal | None,
    ) -> None:
        self._transaction = transaction
        self._liveness = liveness
        self._day = transaction.at.astimezone(UTC).date().isoformat()
        self._limit = day_limit_ducats
        self._base = transaction.worker.base
        self._spent = ducats_of_day(transaction.connection, self._base, self._day)
        self._hold = liveness.hold(transaction, lease)
        self._made = list[dict[str, Any]]()
        self._taken, self._amended = list[_Change](), list[_Change]()

    def answer(self, intents: Sequence[Intent]) -> dict[str, Claim]:
        """Claim the keys that may be claimed. `intents` must have passed `check`."""
        rows = rows_of(self._transaction.connection, self._base, [i.key for i in intents])
        answers = {
            intent.key: self._known(intent, rows[intent.key])
            if intent.key in rows
            else self._new(intent)
            for intent in intents
        }
        self._flush()
        return answers

    def _flush(self) -> None:
        """Write all rows with few statements, because other writers wait meanwhile."""
        self._transaction.insert(claims, self._made)
        self._transaction.update(claims, self._taken)
        self._transaction.update(claims, self._amended)
        self._made, self._taken, self._amended = [], [], []

    def _known(self, intent: Intent, row: Row[Any]) -> Claim:
        holder = holder_in(row)
        is_other = (row.citizen, row.ducats) != (intent.citizen, format_ducats(intent.ducats))
        if is_other and not (intent.amends or self._promised_nothing(row)):
            promise = f"promised to {row.citizen}: {row.ducats} ducats, {_when(row.first_at)}"
            return self._claim(ClaimState.CONFLICT, row, promise)
        if self._is_kept(holder):
            return self._claim(ClaimState.BUSY, row, f"held by {holder}")
        # The row still names another run, but its lease has ended or its process is dead.
        if holder.run not in {"", self._hold.run}:
            taken = {"from": holder.columns()}
            self._transaction.append(EntryKind.TAKEOVER, intent.key, taken)
        if is_other or intent.overrides:
            self._amended.append((row, {**self._hold.columns(), **self._amend(intent, row)}))
        else:
            self._taken.append((row, self._hold.columns()))
        return self._claim(ClaimState.HELD, row)

    def _promised_nothing(self, row: Row[Any]) -> bool:
        """Whether the claim's intent was only to stop a transfer. It promised nobody ducats."""
        promised = select(entries.c.body).where(entries.c.seq == row.intent_seq)
        body = self._transaction.connection.scalar(promised)
        return bool(body and json.loads(body).get("detail", {}).get("ends"))

    def _amend(self, intent: Intent, row: Row[Any]) -> dict[str, Any]:
        """Correct what was promised under the key. Both promises stay on record."""
        promise = promise_of(intent)
        before = {"citizen": row.citizen, "ducats": row.ducats}
        body = {"detail": intent.detail, "amends": before}
        seq = self._transaction.append(EntryKind.AMENDMENT, intent.key, body, verbatim=promise)
        return {**promise, "intent_seq": seq}

    def _is_kept(self, holder: Holder) -> bool:
        """Whether another worker has a valid lease and is not known to be dead."""
        is_ours = holder.run == self._hold.run
        valid = not is_ours and holder.has_lease(self._transaction.at)
        return valid and not self._liveness.is_dead(holder)

    def _claim(self, state: ClaimState, row: Row[Any], other: str = "") -> Claim:
        return Claim(
            key=row.key,
            state=state,
            first_intent_at=datetime.fromisoformat(row.first_at),
            last_attempt=last_attempt(row),
            other=other,
            ducats_left_today=self._left(),
        )

    def _new(self, intent: Intent) -> Claim:
        twin = self._twin_of(intent)
        if twin:
            other = f"{twin.key}, {_when(twin.first_at)}"
            return Claim(intent.key, ClaimState.TWIN, other=other, ducats_left_today=self._left())
        needed = self._spent + intent.ducats
        if self._limit is not None and needed > self._limit:
            left = self._left()
            over = ClaimState.OVER_LIMIT
            return Claim(intent.key, over, ducats_left_today=left, limit_needed=needed)
        self._spent += intent.ducats
        self._record(intent)
        at = self._transaction.at
        left = self._left()
        return Claim(intent.key, ClaimState.HELD, first_intent_at=at, ducats_left_today=left)

    def _record(self, intent: Intent) -> None:
        promise = promise_of(intent)
        seq = self._transaction.append(
            EntryKind.INTENT, intent.key, {"detail": intent.detail}, verbatim=promise
        )
        row = {
            **promise,
            **self._hold.columns(),
            "key": intent.key,
            "first_at": moment_text(self._transaction.at),
            "day": self._day,
            "intent_seq": seq,
        }
        self._made.append(row)

    def _twin_of(self, intent: Intent) -> Row[Any] | None:
        if intent.refuse_twin_since is None:
            return None
        self._flush()  # one of those just made may be the twin
        twins = select(claims).where(
            visible(claims, self._base),
            claims.c.first_at >= moment_text(intent.refuse_twin_since),
            # Only a credit by hand can have a twin: a payment's key tells whether it was credited.
            claims.c.cause == "manual",
            claims.c.citizen == intent.citizen,
            claims.c.ducats == format_ducats(intent.ducats),
        )
        newest = twins.order_by(claims.c.first_at.desc()).limit(1)
        return self._transaction.connection.execute(newest).one_or_none()

    def _left(self) -> Decimal | None:
        return None if self._limit is None else max(ZERO, self._limit - self._spent)


def promise_of(intent: Intent) -> dict[str, str]:
    """The columns that a promise's entry and its claim share."""
    return {
        "citizen": intent.citizen,
        "ducats": format_ducats(intent.ducats),
        "cause": intent.cause,
    }


def rows_of(connection: Connection, base: str, keys: Iterable[str]) -> dict[str, Row[Any]]:
    """The claims of those `keys` that were ever claimed for the base."""
    ours = claims.c.key.in_(list(keys)), visible(claims, base)
    # The base's own row comes last, so it replaces one of no base, which counts for every shop.
    found = connection.execute(select(claims).where(*ours).order_by(claims.c.base))
    return {row.key: row for row in found}


def known_of(connection: Connection, base: str, keys: Collection[str]) -> set[str]:
    """Those of `keys` (any number) that were ever claimed for the base."""
    found, remaining = set[str](), iter(keys)
    while some := list(islice(remaining, KEYS_PER_QUERY)):
        ours = claims.c.key.in_(some), visible(claims, base)
        found |= set(connection.scalars(select(claims.c.key).where(*ours)))
    return found


def attempts_of(connection: Connection, base: str, keys: Collection[str]) -> dict[str, Attempt]:
    """The last write sent for each of `keys` (any number), if one was sent."""
    found, remaining = dict[str, Attempt](), iter(keys)
    while some := list(islice(remaining, KEYS_PER_QUERY)):
        rows = rows_of(connection, base, some)
        found |= {key: last for key, row in rows.items() if (last := last_attempt(row))}
    return found


def keys_in_progress_of(
    connection: Connection, base: str, keys: Collection[str], since: datetime, now: datetime
) -> set[str]:
    """Those of `keys` that somebody holds now, or for which a write was sent at `since` or later.

    A holder that is known to be dead counts too: its last write may still be applied.
    """
    start = moment_text(since)
    return {
        key
        for key, row in rows_of(connection, base, keys).items()
        if holder_in(row).has_lease(now) or (row.last_attempt_at or "") >= start
    }


def ducats_of_day(connection: Connection, base: str, day: str) -> Decimal:
    """The ducats first promised for the base on that UTC day."""
    return _promised(connection, base, claims.c.day == day)


def promised_since(connection: Connection, base: str, moment: datetime) -> Decimal:
    """The ducats first promised for the base at that moment or later."""
    return _promised(connection, base, claims.c.first_at >= moment_text(moment))


def _promised(connection: Connection, base: str, condition: ColumnElement[bool]) -> Decimal:
    """The ducats of all promises for the base that meet the condition.

    They are added here, because a database would lose digits. It groups them by amount first: a day
    has many promises but few different amounts.
    """
    promised = condition, visible(claims, base), claims.c.cause != CITIZEN_CAUSE
    amounts = select(claims.c.ducats, func.count()).where(*promised)
    found = connection.execute(amounts.group_by(claims.c.ducats))
    return sum((Decimal(ducats) * count for ducats, count in found), ZERO)


def check(intents: Sequence[Intent]) -> None:
    """Refuse intents that no journal could keep exactly. Raises UsageError; claims nothing."""
    keys = [intent.key for intent in intents]
    if len(set(keys)) < len(keys):
        raise UsageError("The same key is claimed twice in one call; nothing was claimed.")
    for intent in intents:
        if not (is_storable(intent.key) and is_storable(intent.citizen)):
            raise UsageError(
                f"{intent.key!r} for {intent.citizen!r} holds a character that no journal can "
                "keep (NUL or half of a surrogate pair); nothing was claimed."
            )
        if len(intent.key.encode()) > KEY_BYTES:
            raise UsageError(
                f"The key {intent.key[:40]!r}… is longer than {KEY_BYTES} bytes; "
                "nothing was claimed.",
                "Use a shorter reference.",
            )
        if not (intent.ducats.is_finite() and intent.ducats > 0):
            raise UsageError(f"{intent.ducats} is not a positive number of ducats.")


def last_attempt(row: Row[Any]) -> Attempt | None:
    """The last write sent for a claim."""
    if row.last_action is None:
        return None
    at = datetime.fromisoformat(row.last_attempt_at)
    return Attempt(row.last_action, at, Fate(row.last_fate))


def _when(text: str) -> str:
    return format_moment(datetime.fromisoformat(text))
