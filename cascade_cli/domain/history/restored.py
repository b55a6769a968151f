"""What a journal forgets when a backup takes its place, and what makes that safe again.

- A promise, or a write of unknown fate: before cascade writes anything for a key, it reads the rows
  of that key, and believes the base. So nobody is paid twice once every write that was sent has
  arrived, or never will. That is so `FATE_BOUND` after the restore.
- The day's limit, a used reference, a repeated credit, a vanished row: only the journal knows them.
  They are safe once the rows that cascade made since are written down again.
- A person's decision, and a row that was removed since: only the journal knew of them. cascade can
  only warn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND, Action
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.journal_entries import (
    Attempt,
    Entry,
    EntryKind,
    Fate,
    Head,
    Intent,
    Promised,
    Restored,
)
from cascade_cli.domain.records.orders import Cause
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.keys import Origin, is_own_key
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment, rfc3339

_OF_RESTORE = frozenset({"restored", "caught_up"})
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_CAUSES = {
    Origin.PAYMENT: Cause.PAYMENT,
    Origin.LEGACY: Cause.PAYMENT,
    Origin.MANUAL: Cause.MANUAL,
    Origin.REFUND: Cause.REFUND,
    Origin.GIVE_BACK: Cause.GIVE_BACK,
    Origin.CORRECTION: Cause.CORRECTION,
    Origin.TAKE_BACK: Cause.TAKE_BACK,
}


def restored_from(last_entry: datetime | None, at: datetime, *, knows_attempts: bool) -> Restored:
    """The mark of a restored journal. `last_entry` is None for an empty backup."""
    return Restored(at, last_entry or _LONG_AGO, knows_attempts)


def settled_at(restored: Restored) -> datetime:
    """The moment from which no write can be on its way that the journal does not know."""
    return restored.at if restored.knows_attempts else restored.at + FATE_BOUND


@dataclass(frozen=True)
class Forgotten:
    """What a journal holds and the backup that is to replace it does not.

    `promises` are keys. `undecided` are the keys with a write whose outcome is not recorded.
    `decisions` has the last decision about each case, in words. `refunds` are the ids of refunds.
    """

    entries: int = 0
    since: datetime | None = None
    until: datetime | None = None
    promises: frozenset[str] = frozenset()
    undecided: frozenset[str] = frozenset()
    decisions: Mapping[str, str] = field(default_factory=dict)
    refunds: frozenset[str] = frozenset()
    allocations: frozenset[str] = frozenset()
    events: int = 0
    is_restore_alone: bool = False
    """All entries come from an earlier restore, and its catch-up."""


def forgotten(entries: Iterable[Entry]) -> Forgotten:
    """What these newest entries of a journal record."""
    number, events, of_restore = 0, 0, 0
    moments = list[datetime]()
    promises, undecided = set[str](), set[str]()
    decisions = dict[str, str]()
    kept: dict[str, set[str]] = {"refund": set(), "allocation": set()}
    for number, entry in enumerate(entries, 1):  # noqa: B007 - the last one is the count
        moments = [*moments[:1], entry.at]
        events += entry.kind is EntryKind.EVENT
        of_restore += _is_of_restore(entry)
        if entry.kind in {EntryKind.INTENT, EntryKind.AMENDMENT}:
            promises.add(entry.key)
        elif entry.kind is EntryKind.ATTEMPT:
            undecided.add(entry.key)
        elif entry.kind is EntryKind.OUTCOME:
            undecided.discard(entry.key)
        elif entry.kind is EntryKind.RUN:
            _note(entry, decisions, kept)
    return Forgotten(
        number,
        moments[0] if moments else None,
        moments[-1] if moments else None,
        frozenset(promises),
        frozenset(undecided),
        decisions,
        frozenset(kept["refund"]),
        frozenset(kept["allocation"]),
        events,
        is_restore_alone=0 < number == of_restore,
    )


def _is_of_restore(entry: Entry) -> bool:
    """Whether a restore made the entry. That may be the takeover of a lock, if one broke off."""
    is_lock = entry.kind is EntryKind.TAKEOVER and not entry.key
    is_run = entry.kind is EntryKind.RUN and not entry.body.keys().isdisjoint(_OF_RESTORE)
    return is_lock or is_run


def _note(entry: Entry, decisions: dict[str, str], kept: dict[str, set[str]]) -> None:
    body = entry.body
    if isinstance(decision := body.get("decision"), Mapping):
        decisions[str(decision.get("case"))] = Decision.of(decision).described
    if isinstance(body.get("refund"), Mapping):
        kept["refund"].add(entry.key)
    if isinstance(allocation := body.get("allocation"), Mapping):
        kept["allocation"].add(str(allocation.get("digest")))


@dataclass(frozen=True)
class Backup:
    """What a backup's file holds: the head, and when the newest entry was written."""

    head: Head
    at: datetime | None


@dataclass(frozen=True)
class Present:
    """The journal that would be replaced: its head, or in `damage` why it cannot be read.

    `flaw` says what somebody edited. `common` is the number of the last entry that the backup has
    as well. `lost` is what the backup lacks, None if that cannot be known.
    """

    head: Head | None = None
    damage: str = ""
    flaw: str = ""
    common: int = 0
    lost: Forgotten | None = None

    @property
    def is_absent(self) -> bool:
        """Whether there is no journal."""
        return self.head is None and not self.damage

    @property
    def described(self) -> str:
        """For people."""
        if self.is_absent:
            return "none"
        if self.head is None:
            return f"damaged: {self.damage}"
        state = f"tampered with: {self.flaw}" if self.flaw else "intact"
        return f"{format_count(self.head.entries or 0, 'entry', 'entries')}, {state}"


@dataclass(frozen=True)
class RestorePlan:
    """What a restore would do. `missing` are the heads that were reported, and that the backup does
    not have."""

    backup: Backup
    present: Present
    missing: tuple[Head, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether the journal already holds exactly the backup, and is whole."""
        is_same = self.present.head == self.backup.head
        return (is_same or self.was_carried_out) and not self.present.flaw

    @property
    def was_carried_out(self) -> bool:
        """Whether this backup was restored earlier and nothing was done since. The journal may
        still have to catch up."""
        lost = self.present.lost
        is_whole = self.present.common == (self.backup.head.entries or 0)
        return lost is not None and lost.is_restore_alone and is_whole

    @property
    def gone(self) -> int:
        """How many of the journal's readable entries are not in the backup."""
        head = self.present.head
        return (head.entries or 0) - self.present.common if head else 0

    @property
    def goes_back(self) -> bool:
        """Whether entries, or a head that was reported, would be forgotten."""
        return bool(self.gone or self.missing)

    @property
    def since(self) -> datetime:
        """The moment since which things may be forgotten; of an empty backup, the year 2000."""
        return (self.backup.at and self.begins) or _LONG_AGO

    @property
    def begins(self) -> datetime | None:
        """The same as far as anybody knows: None if the backup is empty, and the journal cannot be
        read."""
        lost = self.present.lost
        moments = (self.backup.at, lost.since if lost else None)
        return min((moment for moment in moments if moment), default=None)

    @property
    def risks(self) -> tuple[Risk, ...]:
        """What to warn of."""
        return risks_of(self.present.lost, self.begins)

    @property
    def forgets(self) -> str:
        """What is forgotten, in numbers, for people."""
        lost = self.present.lost
        if lost is None:
            done = f"done since {format_moment(self.begins)}" if self.begins else "ever done"
            return f"everything {done}; what that was cannot be read"
        if not lost.entries or lost.until is None or self.begins is None:
            return "nothing that is in the journal"
        numbers = f"{self.present.common + 1:,} to {self.present.common + lost.entries:,}"
        return f"entries {numbers}, {format_moment(self.begins)} to {format_moment(lost.until)}"


@dataclass(frozen=True)
class Risk:
    """A sentence about something that is forgotten, and the command that helps."""

    sentence: str
    command: str = ""

    def document(self) -> dict[str, str | None]:
        """For --json."""
        return {"sentence": self.sentence, "command": self.command or None}


def risks_of(lost: Forgotten | None, since: datetime | None) -> tuple[Risk, ...]:
    """What to warn of. If nobody knows what is lost, that is everything that may be. `since` is
    None if that may be anything ever done."""
    if lost is None:
        return tuple(_unknown_risks(since))
    return tuple(_known_risks(lost, since or _LONG_AGO))


def _known_risks(lost: Forgotten, since: datetime) -> Iterator[Risk]:
    """A warning for each sort of thing that is lost."""
    if lost.promises or lost.undecided:
        keys = len(lost.promises | lost.undecided)
        yield Risk(
            f"{format_count(keys, 'transfer was', 'transfers were')} promised or written since. "
            "The restored journal takes that over, with the last write sent: nobody is paid twice."
        )
    if lost.undecided:
        yield Risk(
            f"{format_count(len(lost.undecided), 'write has', 'writes have')} an unknown fate. "
            "cascade reads the rows before it writes anything again."
        )
    for case, what in lost.decisions.items():
        yield Risk(
            f"A decision about {case} is forgotten ({what}). Decide again before you repair.",
            command("explain", "--", case),
        )
    if lost.refunds:
        yield Risk(
            f"Decisions about {format_count(len(lost.refunds), 'refund')} (debts, written-off "
            "ducats) are forgotten. Read the report before ducats are taken back.",
            command("reconcile", "--since", rfc3339(since), "--kind", "refunded"),
        )
    if number := len(lost.allocations):
        yield Risk(
            f"{format_count(number, 'allocation list is', 'allocation lists are')} forgotten: who "
            "gets how much of a payment. To restore one, run checkout with the same file.",
            "cascade checkout --file",
        )
    if lost.events:
        events = format_count(
            lost.events, "accepted webhook event is", "accepted webhook events are"
        )
        yield Risk(
            f"{events} forgotten, and Stripe will not send them again.",
            _replay(since),
        )


def _unknown_risks(begins: datetime | None) -> Iterator[Risk]:
    then = f" after {format_moment(begins)}" if begins else ""
    since = begins or _LONG_AGO
    yield Risk(
        f"Nobody knows what was promised{then}. cascade looks up the rows that it has made "
        "since, and writes them down again: nobody is paid twice for what has a row."
    )
    yield Risk(
        "If a row was removed from the base since then, nothing shows that it was there. Look into "
        "the base's trash before you repair."
    )
    yield Risk(
        "Decisions of people since then (resolve, review, refund --write-off) are forgotten, and "
        "no row tells of them. Read the report before you repair.",
        command("reconcile", "--since", rfc3339(since)),
    )
    yield Risk(
        "Webhook events that were accepted since then are forgotten, and Stripe will not send them "
        "again.",
        _replay(since),
    )


def _replay(since: datetime) -> str:
    return command("events", "replay", "--since", rfc3339(since), "--dry-run")


def to_adopt(
    rows: Iterable[Stratagem], known: Mapping[str, Attempt | None], base: str, since: datetime
) -> tuple[list[Promised], list[Stratagem]]:
    """The promises that the journal lacks according to these rows, and the rows it cannot use.

    `known` are the keys in the journal, each with its last write. A row from before `since` that
    the journal does not know was never in it, so it is left alone.
    """
    begin = since - FATE_BOUND
    adopted, unreadable = dict[str, Promised](), list[Stratagem]()
    # Several rows may have one key. A row that was released shows a later write than a planned one.
    for row in sorted(rows, key=lambda row: (row.status == "planned", row.created_at)):
        if not is_own_key(row.stratagem_id) or row.stratagem_id in adopted:
            continue
        attempt, is_known = _attempt_of(row), row.stratagem_id in known
        if not is_known and row.created_at < begin:
            continue
        if is_known and not _tells_more(attempt, known[row.stratagem_id]):
            continue
        if row.ducats is None or row.ducats <= 0 or not row.concerned:
            unreadable.append(row)
        else:
            adopted[row.stratagem_id] = Promised(_intent_of(row), row.created_at, base, attempt)
    return list(adopted.values()), unreadable


def _attempt_of(row: Stratagem) -> Attempt:
    """The write that left the row as it is. Nobody knows when it was sent, so it counts as sent
    when the row was made."""
    action = Action.CREATE if row.status == "planned" else Action.ACTIVATE
    return Attempt(action, row.created_at, Fate.APPLIED)


def _tells_more(seen: Attempt, last: Attempt | None) -> bool:
    """Whether the row shows that a write was applied, and the journal does not know it."""
    if last is None:
        return True
    is_further = last.action == Action.CREATE and seen.action != Action.CREATE
    return is_further or (last.action == Action.CREATE and last.fate is not Fate.APPLIED)


def _intent_of(row: Stratagem) -> Intent:
    detail = {"found": row.record_id, "status": row.status, "reason": row.reason}
    assert row.ducats is not None  # noqa: S101 - asked only of rows that can be read
    return Intent(
        row.stratagem_id, row.concerned, row.ducats, _CAUSES.get(row.origin, Cause.PAYMENT), detail
    )


def looked_up_since(since: datetime, lifetime: timedelta) -> datetime:
    """The moment since which rows are read: a row that was under way at `since` is at most a
    lifetime older."""
    return max(since - lifetime, _LONG_AGO)
