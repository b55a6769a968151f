"""Whether what is remembered as settled really is: the verification of a checkpoint."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.times import Window


class Depth(StrEnum):
    """How much of the remembered past is read again."""

    SAMPLE = "sample"
    """Some payments, around a moment chosen at random."""
    FULL = "full"
    """All of it."""


@dataclass(frozen=True)
class VerificationSample:
    """What is to be verified; the same seed chooses the same sample."""

    depth: Depth
    seed: int


@dataclass(frozen=True)
class MemoryVerification:
    """How many payments remembered as settled were judged again; `wrong` names those that are not
    settled."""

    depth: Depth
    checked: int
    wrong: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The result for people."""
        if not self.checked and not self.wrong:
            return "there was nothing remembered as settled to verify"
        total = f"{format_count(self.checked, 'payment')} remembered as settled"
        if not self.wrong:
            return f"{total}, all confirmed"
        return f"{len(self.wrong):,} of {total} turned out not to be"


@dataclass(frozen=True)
class Settled:
    """What a checkpoint says is settled, if nothing has touched it since.

    `touched` are charges of which Stripe has reported a change since.
    """

    checkpoint: Checkpoint
    touched: Container[str]

    @cached_property
    def past(self) -> Window:
        """The span of time about which the checkpoint speaks."""
        until = self.checkpoint.new_since
        return Window(min(self.checkpoint.covered_since or until, until), until)

    @cached_property
    def open_ids(self) -> frozenset[str]:
        """Charges and records that the checkpoint does not call settled."""
        open_items = self.checkpoint.open_items
        charges = {open_item.charge for open_item in open_items if open_item.charge}
        return frozenset(
            {*charges, *(record for open_item in open_items for record in open_item.records)}
        )

    def speaks_of(self, charge: Charge) -> bool:
        """Whether the checkpoint says that the charge is settled."""
        # Stripe reports a change to the whole payment. The open item may be a portion, or once have
        # been one.
        names = {charge.id, charge.charge_id}
        is_known = any(name in self.open_ids or name in self.touched for name in names)
        return charge.created_at in self.past and not is_known

    def saw_delivered(self, charge: Charge) -> bool:
        """Whether the checkpoint says that the charge is settled because its ducats arrived."""
        return self.speaks_of(charge) and charge.id not in self.checkpoint.void

    def contradicted_by(self, items: Iterable[Item]) -> Iterator[str]:
        """The names of those of the items (none of them settled) that are remembered as settled."""
        for item in items:
            is_news = any(s.created_at >= self.past.until for s in item.rows)
            if not is_news and self._speaks_of_item(item):
                yield item.identity

    def _speaks_of_item(self, item: Item) -> bool:
        if item.charge:
            return self.speaks_of(item.charge)
        records = {stratagem.record_id for stratagem in item.rows}
        return item.occurred_at in self.past and not records & self.open_ids
