"""What an explanation needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from cascade_cli.domain.explain.story import Happening, SessionSale, StripeObject
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.records.journal_entries import Entry
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.id_forms import Form
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.reconcile.gather import PaymentSource

if TYPE_CHECKING:
    # Every command wires these ports, and few of them open the journal: it takes 0.2 s to import.
    from cascade_cli.domain.records.accepted_events import Kept


class Past(Protocol):
    """One payment's past at Stripe."""

    is_known: bool
    is_paid: bool
    sale: SessionSale | None
    happenings: list[Happening]
    gaps: list[str]
    forbidden: list[str]


class PastSource(Protocol):
    """Where the past of payments is read."""

    def payment_of(self, form: Form, identity: str) -> StripeObject:
        """Whether the object is known, and its payment."""

    def read(self, payment_id: str) -> Past:
        """What happened to a payment."""


class TransferSource(Protocol):
    """Where transfers, citizens and what they were told are read."""

    def identified(self, identity: str) -> list[Stratagem]:
        """Those with this StratagemId or record id, or for this payment."""

    def transfers_named(self, stratagem_ids: Sequence[str]) -> list[Stratagem]:
        """Those with these StratagemIds."""

    def transfers_for(self, orders: Sequence[Order]) -> list[Stratagem]:
        """All transfers that may belong to the orders."""

    def listed(
        self, since: datetime, *, status: str | None = None, citizen: str | None = None
    ) -> list[Stratagem]:
        """Those created since then, for that citizen."""

    def citizens(self, usernames: Sequence[str]) -> dict[str, Decimal]:
        """The ducats of those who exist, spelt as Venice spells them."""


class NoticeSource(Protocol):
    """Where citizens' notifications are read."""

    def notices(self, stratagem_ids: Sequence[str]) -> list[Happening]:
        """What was told of these stratagems."""


class Answering(Protocol):
    """Looks up what a verdict needs beyond the two sides."""

    def answers(self, snapshot: Snapshot, terms: Terms) -> Lookups:
        """Citizens, disputes, payments outside the window."""


@dataclass(frozen=True)
class ExplainSettings:
    """By what one explanation is made: terms, how far back a citizen's story goes, the journal.

    `entries` are the journal's by key, `received` the webhook's events by their own ids or their
    payments'.
    """

    terms: Terms
    window: Window
    entries: Callable[[str], Iterable[Entry]]
    received: Callable[[Iterable[str]], Sequence[Kept]] = lambda _ids: ()


@dataclass(frozen=True)
class ExplainSources:
    """Where everything is read; `processor` is the citizen who pays ducats out."""

    payments: PaymentSource
    past: PastSource
    transfers: TransferSource
    notices: NoticeSource
    answering: Answering
    processor: str
