"""What an alert says: how things differ from what people were last told.

This is kept apart from the checkpoint of `--since last`. A run by hand moves the checkpoint but
alerts nobody, and an alert that was lost has to be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.history.checkpoint import Scope, decided_in
from cascade_cli.domain.reconcile.overview import OpenCases, open_cases
from cascade_cli.domain.reconcile.reconciliation import Reconciliation
from cascade_cli.domain.records.decisions import How


@dataclass(frozen=True)
class Known:
    """A discrepancy as people know it: its kind, and when it was paid or made."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class AlertRecord:
    """By name, the discrepancies that people were told about, but not yet that they are solved."""

    open: Mapping[str, Known]

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        known = {name: [k.kind, k.at.isoformat()] for name, k in self.open.items()}
        return {"open": known}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> AlertRecord:
        """From what the journal kept."""
        known = document["open"].items()
        return cls({name: Known(kind, datetime.fromisoformat(at)) for name, (kind, at) in known})


NOTHING_REPORTED = AlertRecord({})


@dataclass(frozen=True)
class AlertNews:
    """What a run found, compared with what people were told.

    `new` are discrepancies that nobody was told about, or that had another kind then. `solved` are
    reported ones within this run's scope that are no longer discrepancies, by name. `decided` says
    how a person decided cases that stay as they are. `elsewhere` counts reported ones outside the
    scope, about which the run knows nothing.
    """

    new: tuple[Item, ...]
    solved: Mapping[str, Known]
    still_open: tuple[Item, ...]
    elsewhere: int
    decided: Mapping[str, How] = field(default_factory=dict)
    open_cases: OpenCases | None = None
    """How all the cases of this run stand."""

    @property
    def is_change(self) -> bool:
        """Whether anybody needs to be told."""
        return bool(self.new or self.solved)


def news(record: AlertRecord, scope: Scope, result: Reconciliation) -> AlertNews:
    """What has changed since people were told. The items keep their order, worst first."""
    found = result.discrepancies
    names = {item.identity for item in found}
    new = tuple(item for item in found if not _is_known(record, item))
    gone = {name: known for name, known in record.open.items() if name not in names}
    return AlertNews(
        new,
        {name: known for name, known in gone.items() if scope.covers(name, known.at)},
        tuple(item for item in found if _is_known(record, item)),
        sum(not scope.covers(name, known.at) for name, known in gone.items()),
        decided_in(result),
        open_cases(result),
    )


def record_after(record: AlertRecord, scope: Scope, result: Reconciliation) -> AlertRecord:
    """What people know once the news has reached them."""
    outside = {n: known for n, known in record.open.items() if not scope.covers(n, known.at)}
    found = {i.identity: Known(i.kind.value, i.occurred_at) for i in result.discrepancies}
    return AlertRecord({**outside, **found})


def _is_known(record: AlertRecord, item: Item) -> bool:
    known = record.open.get(item.identity)
    return known is not None and known.kind == item.kind.value
