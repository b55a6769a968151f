"""What doctor looks with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cascade_cli.adapters.http.probing import ProbingTransport
from cascade_cli.adapters.journal.inspection import JournalProbe
from cascade_cli.adapters.stripe.probes import AccountProbe
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.probes import BaseProbe, LegacyReader
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.adapters.venice.web_api import VeniceApi
from cascade_cli.errors import CascadeError
from cascade_cli.settings import Settings


@dataclass(frozen=True)
class Instruments:
    """What doctor looks with; none of it can write. `journal` is the error where it has no place.

    `clocks` are the transports by the service that they lead to.
    """

    settings: Settings
    account: AccountProbe
    base: BaseProbe
    citizens: CitizenReader
    transfers: TransferReader
    older: LegacyReader
    venice: VeniceApi
    journal: JournalProbe | CascadeError
    clocks: Sequence[tuple[str, ProbingTransport]]
    transports: Sequence[ProbingTransport]
    now: Callable[[], datetime]

    def close(self) -> None:
        """Give back the connections."""
        for transport in self.transports:
            transport.close()
        if isinstance(self.journal, JournalProbe):
            self.journal.close()
