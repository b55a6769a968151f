"""What an alert tells: how things differ from what people were last told.

Apart from the memory of `--since last`: a run by hand moves that one and tells nobody, and an
alert that was lost has to be told again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.history.checkpoint import Scope, decided_in
from cascade_cli.domain.reconcile.overview import Open, what_is_open
from cascade_cli.domain.reconcile.reconciliation import Reconciliation
from cascade_cli.domain.records.decisions import How


@dataclass(frozen=True)
class Known:
    """A discrepancy as people know it: its kind, and when it was paid or made."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class Told:
    """The discrepancies that people were told of and not yet that they are solved, by name."""

    open: Mapping[str, Known]

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        known = {name: [k.kind, k.at.isoformat()] for name, k in self.open.items()}
        return {"open": known}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Told:
        """From what the journal kept."""
        known = document["open"].items()
        return cls({name: Known(kind, datetime.fromisoformat(at)) for name, (kind, at) in known})


NOTHING_TOLD = Told({})


@dataclass(frozen=True)
class AlertNews:
    """What a run found, beside what was told.

    `new` are discrepancies that nobody was told of, or that were of another kind then; `solved`
    are told ones of this run's scope that are none any more, by name; `decided` says how a person
    decided to leave cases as they are. `elsewhere` counts the told ones outside it, of
    which the run knows nothing.
    """

    new: tuple[Item, ...]
    solved: Mapping[str, Known]
    still_open: tuple[Item, ...]
    elsewhere: int
    decided: Mapping[str, How] = field(default_factory=dict)
    transfer_status: Open | None = None
    """How it stands with all of this run."""

    @property
    def is_change(self) -> bool:
        """Whether anybody has to hear of it."""
        return bool(self.new or self.solved)


def news(told: Told, scope: Scope, result: Reconciliation) -> AlertNews:
    """What has changed since people were told; the items keep their order, worst first."""
    found = result.discrepancies
    names = {item.identity for item in found}
    new = tuple(item for item in found if not _is_known(told, item))
    gone = {name: known for name, known in told.open.items() if name not in names}
    return AlertNews(
        new,
        {name: known for name, known in gone.items() if scope.covers(name, known.at)},
        tuple(item for item in found if _is_known(told, item)),
        sum(not scope.covers(name, known.at) for name, known in gone.items()),
        decided_in(result),
        what_is_open(result),
    )


def told_after(told: Told, scope: Scope, result: Reconciliation) -> Told:
    """What people know once the news have reached them."""
    outside = {n: known for n, known in told.open.items() if not scope.covers(n, known.at)}
    found = {i.identity: Known(i.kind.value, i.occurred_at) for i in result.discrepancies}
    return Told({**outside, **found})


def _is_known(told: Told, item: Item) -> bool:
    known = told.open.get(item.identity)
    return known is not None and known.kind == item.kind.value
