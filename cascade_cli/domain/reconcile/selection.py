"""Which items of a reconciliation somebody wants to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.reconcile.reconciliation import Reconciliation


@dataclass(frozen=True)
class Selection:
    """All discrepancies, unless more or less is asked for: `everything` is what is settled, in
    flight or decided as well. No kinds means any, `limit` counts from the worst."""

    everything: bool = False
    kinds: frozenset[Kind] = frozenset()
    citizen: str | None = None
    limit: int | None = None

    @property
    def is_part(self) -> bool:
        """Less than all discrepancies is asked for."""
        return bool(self.kinds or self.citizen is not None or self.limit)

    @property
    def is_asked_for(self) -> bool:
        """Somebody said what to list."""
        return self.everything or self.is_part

    def items(self, result: Reconciliation) -> Iterator[Item]:
        """Worst first."""
        is_beyond = self.everything or any(not kind.is_discrepancy for kind in self.kinds)
        found = result.items if is_beyond else result.discrepancies
        return islice(filter(self.has, found), self.limit)

    def of(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Those of `items` that are meant, in their order."""
        return tuple(islice(filter(self.has, items), self.limit))

    def has(self, item: Item) -> bool:
        """Whether it is of one of the kinds, and about the citizen: who bought it, or whom one of
        its transfers concerns."""
        if self.kinds and item.kind not in self.kinds:
            return False
        return self.citizen in {None, item.citizen, *(row.concerned for row in item.rows)}
