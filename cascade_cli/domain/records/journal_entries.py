"""What cascade remembers of its own work (intents, attempts and outcomes, in order, for ever), who
holds a claim or a lock, and the mark that a restore leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cascade_cli.domain.shop.times import format_moment, moment_text

CITIZEN_CAUSE = "citizen"
"""The cause of an Intent that sets the processor's own balance. It promises nothing to a buyer, so
it does not count towards the limit of ducats per day."""

RESTORED = "restored"
"""The name of the mark of a restore, which sets one for all bases. Each base gets its own when it
has caught up."""

_HEAD = re.compile(r"([0-9a-fA-F]{64})(?::([0-9]{1,18}))?")


class EntryKind(StrEnum):
    """What a journal entry records."""

    INTENT = "intent"
    """A transfer is to be made for a cause; written before anything is sent outside."""
    AMENDMENT = "amendment"
    """A person corrected the recipient or the amount of an intent."""
    ATTEMPT = "attempt"
    """A write is about to be sent; its fate is unknown until an outcome is recorded."""
    OUTCOME = "outcome"
    """What became of an attempt."""
    EVENT = "event"
    """A signed webhook event was accepted."""
    RUN = "run"
    """A command that writes, or a complete reconciliation, began or ended."""
    TAKEOVER = "takeover"
    """A claim or lock of a dead worker passed to another worker."""


class Fate(StrEnum):
    """What became of a write that was sent."""

    APPLIED = "applied"
    REFUSED = "refused"
    """Certainly not applied."""
    UNKNOWN = "unknown"
    """It may have been applied, or may still be."""


@dataclass(frozen=True)
class Worker:
    """Who works with the journal.

    `run` is unique to one invocation, `operator` is the person or `cron`, `base` the shop's base in
    Airtable. Several shops may share a journal: each sees and counts its own entries, and those
    written before entries named a base. Without a `base`, all entries are seen.
    """

    run: str
    host: str
    pid: int
    operator: str
    command: str
    base: str = ""


@dataclass(frozen=True)
class Intent:
    """A transfer that somebody or something asked for; `key` is its StratagemId.

    `detail` is kept as it is (Stripe ids, reason, price …). `refuse_twin_since` asks for a refusal
    if the same citizen was promised the same ducats by hand after that moment. `amends` corrects an
    earlier promise for the key instead of reporting a conflict. `overrides` are decisions against
    guards: they are recorded even if the promise stays the same.
    """

    key: str
    citizen: str
    ducats: Decimal
    cause: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    refuse_twin_since: datetime | None = None
    amends: bool = False
    overrides: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attempt:
    """The last write sent for a key; `fate` is UNKNOWN while no outcome is recorded."""

    action: str
    at: datetime
    fate: Fate


class ClaimState(StrEnum):
    """Whether a key may be worked on."""

    HELD = "held"
    """By us, until it is released or the lease ends."""
    BUSY = "busy"
    """Another living worker holds it."""
    CONFLICT = "conflict"
    """The key was promised to another citizen, or for another amount."""
    OVER_LIMIT = "over_limit"
    """The day's limit of ducats would be exceeded."""
    TWIN = "twin"
    """The same citizen was promised the same ducats moments ago."""


@dataclass(frozen=True)
class Claim:
    """The answer to one Intent.

    `first_intent_at` is when the key was first claimed, `last_attempt` the last write that anybody
    sent for it. `other` describes who or what stands in the way; `ducats_left_today` is what the
    day's limit still allows.
    """

    key: str
    state: ClaimState
    first_intent_at: datetime | None = None
    last_attempt: Attempt | None = None
    other: str = ""
    ducats_left_today: Decimal | None = None
    limit_needed: Decimal | None = None
    """If the day's limit is in the way: how high it would have to be."""


@dataclass(frozen=True)
class Entry:
    """One line of the journal; `hash` covers everything before it.

    `base` is empty in entries of older versions, which knew only one base.
    """

    seq: int
    at: datetime
    kind: EntryKind
    key: str
    run: str
    host: str
    operator: str
    command: str
    body: Mapping[str, Any]
    previous_hash: str
    hash: str
    base: str = ""


@dataclass(frozen=True)
class Head:
    """The hash of an entry, which covers all entries before it, and the entry's number if known.

    Anyone who keeps the newest head elsewhere can later prove that nothing before it was changed,
    cut off or restored from an older copy.
    """

    hash: str
    entries: int | None = None

    @classmethod
    def of(cls, text: str) -> Head | None:
        """From `HASH` or `HASH:NUMBER`; None if it is neither."""
        found = _HEAD.fullmatch(text.strip())
        return cls(found[1].lower(), int(found[2]) if found[2] else None) if found else None

    def __str__(self) -> str:
        return self.hash if self.entries is None else f"{self.hash}:{self.entries}"


@dataclass(frozen=True)
class Verification:
    """Whether the chain is whole; `flaw` says what is wrong at `seq`, `head` is the last hash.

    Anyone who keeps the head elsewhere can later prove that the journal was not replaced as a
    whole.
    """

    entries: int
    flaw: str = ""
    seq: int | None = None
    head: str = ""

    @property
    def is_intact(self) -> bool:
        """Nothing was changed, removed or reordered."""
        return not self.flaw


@dataclass(frozen=True)
class Holder:
    """One worker's hold on a row. `birth` distinguishes its process from a later one with the same
    pid."""

    run: str
    host: str
    pid: int
    birth: str
    operator: str
    command: str
    since: str
    lease_until: str

    def columns(self) -> dict[str, Any]:
        """What the row stores about this hold."""
        return asdict(self)

    def has_lease(self, moment: datetime) -> bool:
        """Whether the lease still runs at that moment."""
        # Both are texts of `moment_text`, which sort in order of time.
        return bool(self.run) and self.lease_until > moment_text(moment)

    @property
    def ends(self) -> str:
        """When the lease ends, for people."""
        return format_moment(datetime.fromisoformat(self.lease_until))

    def __str__(self) -> str:
        since = format_moment(datetime.fromisoformat(self.since))
        return f"`{self.command}` by {self.operator} on {self.host} (pid {self.pid}) since {since}"


RELEASED = Holder("", "", 0, "", "", "", "", "")


@dataclass(frozen=True)
class Restored:
    """A journal was restored at `at`, from a backup whose last entry was written at `since`.

    `knows_attempts` says that the writes sent since then were carried over. Until the base has been
    looked at (`caught_up`), nothing may be written to it.
    """

    at: datetime
    since: datetime
    knows_attempts: bool = False
    caught_up: datetime | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the base still has to be looked at."""
        return self.caught_up is None

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "at": self.at.isoformat(),
            "since": self.since.isoformat(),
            "knows_attempts": self.knows_attempts,
            "caught_up": self.caught_up.isoformat() if self.caught_up else None,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Restored | None:
        """From the journal's mark; None if it was never restored."""
        if document is None:
            return None
        caught_up = document["caught_up"]
        return cls(
            datetime.fromisoformat(document["at"]),
            datetime.fromisoformat(document["since"]),
            document["knows_attempts"],
            datetime.fromisoformat(caught_up) if caught_up else None,
        )


@dataclass(frozen=True)
class Promised:
    """A promise of `base` that a restored journal takes over.

    `at` is when it was first made, `attempt` the last write that is known. If it `amends`, it
    replaces what the journal says about the key.
    """

    intent: Intent
    at: datetime
    base: str
    attempt: Attempt | None = None
    amends: bool = False
