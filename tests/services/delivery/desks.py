"""Desks and deliverers of several workers, over one journal, at the counter's clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cascade_cli.adapters.http.transport import permitted, utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.venice.notifications import NotificationWriter
from cascade_cli.services.delivery.deliver import Deliverer, DeliveryTerms
from cascade_cli.services.ports import Surroundings
from cascade_cli.wiring import this_worker
from cascade_cli.wiring.writing import WriteWiring, wire_writing
from tests.harness.counter import Counter
from tests.harness.sandboxed import wire


@dataclass(frozen=True)
class Workers:
    """Makes as many workers as a test wants."""

    counter: Counter
    stack: ExitStack
    url: str

    def writing(self, **settings: str) -> WriteWiring:
        """All that writes, for one worker."""
        wiring = wire(self.counter.environment(**settings))
        journal = Journal(self.url, this_worker("test"), now=utc_now)
        self.stack.enter_context(closing(journal))
        return wire_writing(wiring, journal, lambda _message: None)

    def deliverer(
        self,
        *,
        threads: int = 1,
        turn: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] | None = None,
        tell: Callable[[str], None] = lambda _message: None,
        **settings: str,
    ) -> Deliverer:
        """One worker's, in these surroundings."""
        wiring = wire(self.counter.environment(**settings), tell)
        chosen, writing = wiring.settings, self.writing(**settings)
        return Deliverer(
            transfers=wiring.transfers,
            writer=writing.writer,
            notifier=NotificationWriter(wiring.api, chosen.airtable_base, writing.schema),
            journal=writing.journal,
            terms=DeliveryTerms(chosen.lifetime, chosen.max_per_day, chosen.engine),
            around=Surroundings(utc_now, sleep or time.sleep, turn, permitted, tell, threads),
        )


@contextmanager
def workers(counter: Counter, folder: Path) -> Iterator[Workers]:
    """Workers whose journal is in that folder."""
    with ExitStack() as stack:
        yield Workers(counter, stack, f"sqlite:///{folder}/journal.sqlite3")
