"""The sources and settings of an explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cascade_cli.domain.explain.story import Happening, History, StripeObject
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.records.journal_entries import Entry
from cascade_cli.domain.records.stripe_events import Kept
from cascade_cli.domain.shop.keys import IdKind
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.ports import PaymentsPort, VenicePort
from cascade_cli.services.reconcile.gather import Reconciler


@dataclass(frozen=True)
class ExplainSettings:
    """The settings of one explanation: terms, how far back a citizen's story goes, the journal.

    `entries` returns the journal's entries for a key, `received` the webhook's events for their own
    ids or their payments' ids.
    """

    terms: Terms
    window: Window
    entries: Callable[[str], Iterable[Entry]]
    received: Callable[[Iterable[str]], Sequence[Kept]] = lambda _ids: ()


@dataclass(frozen=True)
class ExplainSources:
    """Where everything is read; `processor` is the citizen who pays ducats out.

    `object_of` reads an object of Stripe's, `history_of` what happened to a payment there, and
    `notices` what citizens were told about stratagems. `answering` looks up what a verdict needs.
    """

    payments: PaymentsPort
    object_of: Callable[[IdKind, str], StripeObject]
    history_of: Callable[[str], History]
    transfers: VenicePort
    notices: Callable[[Sequence[str]], list[Happening]]
    answering: Reconciler
    processor: str
