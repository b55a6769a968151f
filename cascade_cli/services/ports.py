"""The outside world as services use it. Each port has one adapter, and simulations have others.

If a service needs only one function, it gets that function instead of a port.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    # Every wired command loads this file, so it loads nothing itself.
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from decimal import Decimal

    from cascade_cli.domain.bundle.parts import Activity
    from cascade_cli.domain.delivery.arrival_notices import Arrival
    from cascade_cli.domain.doctor.airtable import Base, BaseSchema
    from cascade_cli.domain.doctor.journal import JournalPlace
    from cascade_cli.domain.doctor.stripe import Account, Right
    from cascade_cli.domain.doctor.webhook import Acceptance, Endpoint, Undelivered
    from cascade_cli.domain.records.charges import Charge, Dispute, Listing
    from cascade_cli.domain.records.citizens import CitizenRow, Resident
    from cascade_cli.domain.records.journal_entries import (
        Attempt,
        Claim,
        Entry,
        Fate,
        Head,
        Holder,
        Intent,
        Restored,
        Verification,
    )
    from cascade_cli.domain.records.orders import Order
    from cascade_cli.domain.records.stratagems import Stratagem
    from cascade_cli.domain.records.stripe_events import Accepted, EventState, Kept, Settlement
    from cascade_cli.domain.shop.density import DensityEstimate
    from cascade_cli.domain.shop.times import Window


class PaymentsPort(Protocol):
    """Where payments are read: Stripe."""

    def purchases(self, window: Window, density: DensityEstimate | None = None) -> Listing:
        """All charges created in the window; `density` learns where in time they lie."""

    def latest(self, window: Window, most: int) -> Listing:
        """The newest charges of the window, `most` at most."""

    def charges(self, charge_ids: Sequence[str]) -> Listing:
        """These charges, sorted like a listing; unknown ones are left out."""

    def portions(self, payment_id: str) -> tuple[Charge, ...]:
        """What the payment bought: one purchase, or one for each of many citizens."""

    def portions_of(self, payment_ids: Sequence[str]) -> dict[str, tuple[Charge, ...]]:
        """For each id what the payment bought."""

    def disputes(self, charge_id: str) -> tuple[Dispute, ...]:
        """The disputes against one charge."""

    def disputes_against(self, charges: Sequence[Charge]) -> dict[str, tuple[Dispute, ...]]:
        """The disputes against each of the charges."""


class TransfersPort(Protocol):
    """Where transfers are read: Venice's base."""

    def transfers(
        self,
        since: datetime,
        until: datetime | None = None,
        expected: DensityEstimate | None = None,
    ) -> list[Stratagem]:
        """The processor's transfers created from `since` to `until`, or to now. `expected`
        estimates how many there are."""

    def transfers_for(self, orders: Sequence[Order]) -> list[Stratagem]:
        """All transfers that may belong to the orders."""

    def transfers_named(self, stratagem_ids: Sequence[str]) -> list[Stratagem]:
        """The transfers with these StratagemIds."""

    def transfers_noting(self, payment_ids: Sequence[str]) -> list[Stratagem]:
        """The transfers whose Notes name one of these payments."""

    def transfers_recorded(self, record_ids: Sequence[str]) -> list[Stratagem]:
        """The transfers with these record ids that still exist."""

    def by_record(self, record_ids: Sequence[str]) -> list[Stratagem]:
        """The same, in one request."""

    def identified(self, identity: str) -> list[Stratagem]:
        """The transfers with this StratagemId or record id, or for this payment."""

    def beginning(self, identity: str) -> list[Stratagem]:
        """Some transfers with this text in StratagemId, record id or Notes, for an id whose end was
        lost."""

    def listed(
        self, since: datetime, *, status: str | None = None, citizen: str | None = None
    ) -> list[Stratagem]:
        """The transfers created since then, with that Status, for that citizen."""

    def open_or_recent(
        self, before: datetime, executed_since: datetime, now: datetime
    ) -> list[Stratagem]:
        """The transfers made before `before` that are planned or live, or were executed since
        `executed_since`."""

    def open_transfers(self) -> list[Stratagem]:
        """All transfers that are active or planned."""

    def executed_since(self, since: datetime) -> list[Stratagem]:
        """The transfers executed since then."""

    def last_executed_at(self) -> datetime | None:
        """When a transfer was last executed."""

    def has_mode(self, livemode: bool) -> bool:
        """Whether cascade wrote a transfer for a payment of that mode into the base."""


class CitizensPort(Protocol):
    """Where citizens are read: Venice's base."""

    def rows_named_like(self, username: str) -> list[CitizenRow]:
        """The citizens with this name, and those whose names look like it."""

    def balances(self, usernames: Sequence[str]) -> dict[str, Decimal]:
        """The ducats of the citizens with these names, and of those whose names look like them.

        Keys are spelt as Venice spells them, so a name that is not among them is no citizen's.
        """

    def residents(self, usernames: Sequence[str]) -> dict[str, Resident]:
        """The same, with the time when each citizen's record was made."""

    def usernames(self) -> list[str]:
        """All citizens' names: a request for every 100, so ask only once a name was not found."""


class VeniceWritesPort(Protocol):
    """Where Venice's base is written: at most ten rows at once, each request sent once."""

    def create_planned(self, orders: Sequence[Order], expires_at: datetime) -> list[Stratagem]:
        """New rows that the engine ignores."""

    def activate(self, records: Sequence[str], expires_at: datetime) -> list[Stratagem]:
        """Let the engine take the rows."""

    def extend(self, records: Sequence[str], expires_at: datetime) -> list[Stratagem]:
        """Give the rows a new expiry, and change nothing else."""

    def expire(self, records: Sequence[str], now: datetime) -> list[Stratagem]:
        """Expire the rows, so that the engine leaves them alone."""

    def rewrite(
        self, rows: Sequence[tuple[Stratagem, Order]], expires_at: datetime
    ) -> list[Stratagem]:
        """Rewrite dead rows as their orders need them."""

    def check_citizen(self, social_class: str) -> None:
        """Raises SchemaError if the base cannot take such a citizen."""

    def create_citizen(self, username: str, social_class: str, ducats: Decimal) -> None:
        """A new citizen."""

    def set_ducats(self, record_id: str, ducats: Decimal, *, leaves: bool = False) -> None:
        """Write an absolute balance; with `leaves`, the same write sets InVenice to false."""

    def leave_venice(self, record_id: str) -> None:
        """Set InVenice to false."""


class NoticesPort(Protocol):
    """Where citizens are notified: Venice's notifications."""

    def tell(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Tell the citizens that their ducats are on the way."""

    def tell_givers(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Tell the givers that their gifts are on the way."""

    @property
    def tells_arrivals(self) -> bool:
        """Whether the base takes our notices and refuses the engine's."""

    def tell_arrivals(self, arrivals: Sequence[Arrival], now: datetime) -> None:
        """Tell the citizens that their ducats have arrived."""

    def tell_givers_of_arrivals(self, arrivals: Sequence[Arrival], now: datetime) -> None:
        """Tell the givers that their gifts have arrived."""


class JournalPort(Protocol):
    """Keeps what was promised, written and decided."""

    def claim(
        self, intents: Sequence[Intent], *, lease: timedelta, day_limit_ducats: Decimal | None
    ) -> dict[str, Claim]:
        """Record intents and take their keys."""

    def attempt(
        self, keys: Collection[str], action: str, body: Any = None, *, lease: timedelta
    ) -> datetime:
        """Record that a write is about to be sent."""

    def attempt_once(
        self, keys: Collection[str], action: str, body: Mapping[str, Any]
    ) -> tuple[datetime, list[str]]:
        """Record an attempt for those keys that had none."""

    def outcome(self, keys: Collection[str], action: str, fate: Fate, body: Any = None) -> None:
        """Record what became of an attempt."""

    def release(self, keys: Collection[str]) -> None:
        """Let others have the keys."""

    def run_event(self, body: Mapping[str, Any]) -> None:
        """Record something that concerns no single key."""

    def entries(self, *, limit: int | None = None) -> Iterable[Entry]:
        """The newest entries, oldest first."""

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that were ever claimed."""

    def attempts(self, keys: Collection[str]) -> dict[str, Attempt]:
        """The last write sent for each of `keys`."""

    def promises(self, keys: Collection[str]) -> list[Intent]:
        """What was promised under these keys."""

    def unannounced_transfers(self, since: datetime) -> dict[str, datetime]:
        """The keys of transfers that the engine was given since then and nobody was told about."""

    def sent_since(self, moment: datetime) -> list[Intent]:
        """What was promised under the keys for which a write was sent at that moment or later."""

    def ducats_today(self) -> Decimal:
        """The ducats first promised on this UTC day."""

    def ducats_promised_since(self, moment: datetime) -> Decimal:
        """The ducats first promised at that moment or later."""

    def mark(self, name: str) -> dict[str, Any] | None:
        """What was last remembered under `name`."""

    def marks(self, prefix: str) -> dict[str, dict[str, Any]]:
        """Everything remembered under names with this prefix, by the rest of the name."""

    def set_mark(self, name: str, body: Mapping[str, Any]) -> None:
        """Remember `body` under `name`, in place of what was there."""

    def decisions(self) -> dict[str, dict[str, Any]]:
        """The newest decision about each case."""

    def rulings(self) -> dict[str, dict[str, Any]]:
        """What was decided about rows."""

    def keep_decision(
        self,
        matched: str,
        body: Mapping[str, Any],
        rulings: Mapping[str, Mapping[str, Any]],
        *,
        seen: Mapping[str, Any] | None,
    ) -> None:
        """Remember a decision, unless somebody has decided about the case since."""

    def refunds(self) -> dict[str, dict[str, Any]]:
        """What was decided about each refund."""

    def keep_refunds(self, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember what was decided about these refunds: about all of them, or about none."""

    def mode_of(self, base_id: str) -> bool | None:
        """Whether the base takes live payments; None while nothing was written to it."""

    def bind_mode(self, base_id: str, livemode: bool) -> None:
        """Bind the base to a mode at its first write. Raises GuardError on the other mode."""


class InboxPort(Protocol):
    """Where accepted webhook events wait."""

    def due(self, limit: int) -> list[Accepted]:
        """The events that are due now."""

    def credited(self, payment_ids: Iterable[str]) -> set[str]:
        """The payments among these that an event shows as credited."""

    def settle(self, settlements: Iterable[Settlement]) -> None:
        """Record what became of events."""

    def counts(self) -> dict[EventState, int]:
        """How many events are in each state."""

    def oldest_waiting(self) -> datetime | None:
        """When the event that waits longest was received."""

    def needing_attention(self, since: datetime) -> list[Kept]:
        """The events received since then that only a person can decide about."""

    def worker(self, base_id: str) -> Holder | None:
        """Which `cascade serve` credits the base's events."""


class AccountPort(Protocol):
    """Where doctor looks at the Stripe account."""

    def account(self) -> Account:
        """Whose key it is."""

    def rights(self) -> Iterable[Right]:
        """What the key may read."""

    def endpoints(self) -> list[Endpoint]:
        """The webhook endpoints."""

    def undelivered(self, since: datetime) -> list[Undelivered]:
        """The newest events that some endpoint has not accepted."""

    def latest_payments(self) -> list[str]:
        """The ids of the newest events that tell of a payment."""


class BasePort(Protocol):
    """Where doctor looks at Venice's base."""

    def check_token(self) -> None:
        """Raises CredentialsError if Airtable does not know the token."""

    def bases(self) -> list[Base] | None:
        """The bases that the token can see; None if it may not ask."""

    def base(self) -> Base:
        """The base's name, and what the token's owner may do there."""

    def refusals(self) -> Iterable[tuple[str, str]]:
        """Each table that cascade reads, and why it cannot be read; empty if it can."""

    def schema(self, social_class: str) -> BaseSchema | None:
        """The base's fields, and those needed; None if the token may not read the schema."""


class JournalLookPort(Protocol):
    """Where doctor looks at the journal, which may not exist; nothing is left behind."""

    told: Head | None
    """The newest head that was shown to anybody."""

    @property
    def place(self) -> JournalPlace:
        """Where it is, and who may write it."""

    def exists(self) -> bool:
        """Whether it is there."""

    def try_to_write(self) -> None:
        """Raises JournalError if nothing can be written."""

    def verify(self) -> Verification:
        """Recompute the chain."""

    def holds(self, head: Head) -> bool:
        """Whether the chain has that entry."""

    def restored(self) -> Restored | None:
        """The mark of the last restore, as this base has it; None if there was none."""

    def mode_of(self, base_id: str) -> bool | None:
        """Whether the base is bound to live payments; None if it is bound to neither mode."""

    def acceptance(self, event_ids: Iterable[str], since: datetime) -> Acceptance:
        """What the inbox holds."""

    def activity(self, base_id: str, most_entries: int) -> Activity:
        """The newest entries, and what the last complete run left open."""

    def citizens(self) -> list[str]:
        """All citizens to whom ducats were ever promised."""


@dataclass(frozen=True)
class Surroundings:
    """Time and pacing, real or simulated. `turn` returns when a write may be sent. Inside
    `permitted`, it may be sent until that moment.

    With several `threads`, rounds of different orders are delivered at once. Each round claims its
    own keys, so the rounds are like separate workers of one journal.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    turn: Callable[[], None]
    permitted: Callable[[datetime], AbstractContextManager[None]]
    tell: Callable[[str], None]
    threads: int = 1
