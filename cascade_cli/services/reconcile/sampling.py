"""Some payments that are remembered as settled, chosen at random and judged again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from cascade_cli.domain.history.verification import Settled
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.event_replay import question_about
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.reconcile.carried_over import SinceLastSources
from cascade_cli.services.reconcile.neighbouring_charges import window_around

# So many transfers are asked for in one request.
SAMPLE_SIZE = 50


@dataclass(frozen=True)
class Sample:
    """So many payments were looked at; `suspects` are those that do not look settled."""

    checked: int = 0
    suspects: tuple[Charge, ...] = ()


def sample(sources: SinceLastSources, settled: Settled, terms: Terms, chance: Random) -> Sample:
    """Two requests, or three where nothing was sold before the moment that was chosen.

    Without their neighbours: who looks suspicious has to be judged with them.
    """
    charges = _chosen(sources, settled, chance)
    if not charges:
        return Sample()
    rows = sources.transfers.transfers_for([question_about(charge) for charge in charges])
    snapshot = Snapshot(window_around(charges), tuple(charges), tuple(rows))
    items = reconcile(snapshot, terms).items.unsettled
    return Sample(len(charges), tuple(item.charge for item in items if item.charge))


def _chosen(sources: SinceLastSources, settled: Settled, chance: Random) -> Sequence[Charge]:
    """Those just before a moment of the past, at whichever there is one."""
    past = settled.past
    moment = past.since + chance.random() * (past.until - past.since)
    before = Window(past.since, max(moment, past.since + timedelta(seconds=1)))
    return _settled_in(sources, settled, before) or _settled_in(sources, settled, past)


def _settled_in(sources: SinceLastSources, settled: Settled, window: Window) -> Sequence[Charge]:
    found = sources.payments.latest(window, SAMPLE_SIZE).charges
    return [charge for charge in found if settled.speaks_of(charge)]
