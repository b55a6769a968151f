"""What `reconcile --since last` needs from outside, beyond what a window needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.delivery_ports import Reader
from cascade_cli.services.reconcile import gather
from cascade_cli.services.reconcile.gather import Listing


class PaymentSource(gather.PaymentSource, Protocol):
    """Where payments are read from: Stripe."""

    def charges(self, charge_ids: Sequence[str]) -> Listing:
        """These charges, sorted like a listing; unknown ones are left out."""

    def latest(self, window: Window, most: int) -> Listing:
        """Up to so many charges of the window, the newest."""


class TransferSource(gather.TransferSource, Reader, Protocol):
    """Where the processor's transfers are read from: Venice's base."""

    def transfers_recorded(self, record_ids: Sequence[str]) -> list[Stratagem]:
        """Those with these record ids, as far as they still exist."""


class ChangeSource(Protocol):
    """Where Stripe tells what happened."""

    def events(self, window: Window, types: Sequence[str] = ()) -> list[Event]:
        """The events of the window of these types."""


@dataclass(frozen=True)
class SinceLastSources:
    """Where all of it is read."""

    payments: PaymentSource
    transfers: TransferSource
    changes: ChangeSource
