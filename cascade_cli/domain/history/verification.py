"""Whether what is remembered as settled is: the proof of a run's memory."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.shop.times import Window


class Depth(StrEnum):
    """How much of the remembered past is read again."""

    SAMPLE = "sample"
    """Some payments at a moment chosen at random."""
    FULL = "full"
    """All of it."""


@dataclass(frozen=True)
class VerificationSample:
    """What is to be verified; the same seed chooses the same sample."""

    depth: Depth
    seed: int


@dataclass(frozen=True)
class MemoryVerification:
    """So many payments remembered as settled were judged again; `wrong` names what is not."""

    depth: Depth
    checked: int
    wrong: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """For people."""
        if not self.checked and not self.wrong:
            return "nothing that is remembered as settled was there to verify"
        total = f"{self.checked:,} payments remembered as settled"
        return f"{len(self.wrong):,} of {total} are not" if self.wrong else f"{total} are"


@dataclass(frozen=True)
class Settled:
    """Of what a memory says that it is settled, and nothing since has touched it.

    `touched` are charges of which Stripe told a change since.
    """

    checkpoint: Checkpoint
    touched: Container[str]

    @cached_property
    def past(self) -> Window:
        """The time that the memory speaks of."""
        until = self.checkpoint.new_since
        return Window(min(self.checkpoint.covered_since or until, until), until)

    @cached_property
    def open_ids(self) -> frozenset[str]:
        """Charges and records of which it does not say so."""
        open_items = self.checkpoint.open_items
        charges = {open_item.charge for open_item in open_items if open_item.charge}
        return frozenset(
            {*charges, *(record for open_item in open_items for record in open_item.records)}
        )

    def speaks_of(self, charge: Charge) -> bool:
        """Whether it says that the charge is settled."""
        # Stripe tells of a change to the whole; what was open may be a portion, or once was.
        names = {charge.id, charge.charge_id}
        is_known = any(name in self.open_ids or name in self.touched for name in names)
        return charge.created_at in self.past and not is_known

    def saw_delivered(self, charge: Charge) -> bool:
        """Whether it says that the charge is settled because its ducats have arrived."""
        return self.speaks_of(charge) and charge.id not in self.checkpoint.void

    def contradicted_by(self, items: Iterable[Item]) -> Iterator[str]:
        """The names of those items, none of them settled, that are remembered as settled."""
        for item in items:
            is_news = any(s.created_at >= self.past.until for s in item.rows)
            if not is_news and self._speaks_of_item(item):
                yield item.identity

    def _speaks_of_item(self, item: Item) -> bool:
        if item.charge:
            return self.speaks_of(item.charge)
        records = {stratagem.record_id for stratagem in item.rows}
        return item.occurred_at in self.past and not records & self.open_ids
