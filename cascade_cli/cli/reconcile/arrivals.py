"""`cascade reconcile --repair`: citizens are told of arrivals where Venice's engine cannot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cascade_cli.cli.context.write_context import Workshop
from cascade_cli.domain.delivery.arrival_notices import NEWS, Arrival
from cascade_cli.domain.records.journal_entries import Fate
from cascade_cli.errors import CascadeError, JournalError, ServiceError
from cascade_cli.services.reconcile.gather import Run


def untold_arrivals(shop: Workshop, run: Run) -> tuple[Arrival, ...]:
    """Of whom the run read, or the journal still waits for, and nobody was told."""
    service = shop.writing.arrivals
    keys = list(service.untold(datetime.now(UTC) - NEWS - shop.settings.lifetime))
    try:
        return service.arrived(keys, run.snapshot.stratagems)
    except JournalError:
        raise
    except ServiceError as error:
        shop.session.warn(f"nobody is told of arrivals: {error.message}")
        return ()


def tell_of_arrivals(shop: Workshop, arrived: Sequence[Arrival]) -> int:
    """How many notices were written; what is not told is a warning."""
    try:
        return shop.writing.arrivals.tell(arrived).by_fate[Fate.APPLIED]
    except JournalError:
        raise
    except CascadeError as error:
        shop.session.warn(f"not all were told of arrivals: {error.message}")
        return 0


def citizens(arrived: Sequence[Arrival]) -> str:
    """How many there are to be told."""
    return "1 citizen" if len(arrived) == 1 else f"{len(arrived)} citizens"
