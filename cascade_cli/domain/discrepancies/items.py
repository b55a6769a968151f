"""The items of a reconciliation. Items of plainly settled charges are only made when somebody
looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import overload

from cascade_cli.domain.discrepancies.kinds import GRAVITY, SEVERITY_RANK, Kind, Severity
from cascade_cli.domain.discrepancies.repair_command import Repair, explain
from cascade_cli.domain.matching.fast_path import PlainlySettled
from cascade_cli.domain.matching.matching import Rule
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.stratagems import Stratagem


@dataclass(frozen=True, slots=True)
class Item:
    """One charge, or one transfer without a charge, with its kind and what to do about it.

    `occurred_at` is when the charge was paid, or when the transfer was made in Venice. `at_risk` is
    in ducats, and ranks the items of one severity. `verdict` is the evidence in one sentence.
    """

    kind: Kind
    severity: Severity
    occurred_at: datetime
    charge: Charge | None
    citizen: str | None
    ducats: Decimal | None
    """How many the charge sold, or the transfer without a charge moves; None if unknown."""
    stratagems: tuple[Stratagem, ...]
    """Its own transfers, oldest first."""
    main_row: Stratagem | None
    """The one among them whose status says most about the ducats; None if there is none."""
    matched_by: Rule | None
    verdict: str
    evidence: tuple[str, ...]
    at_risk: Decimal
    repair: Repair | None
    returns: tuple[Stratagem, ...] = ()
    """The transfers that took its ducats back for refunds, or gave them again."""
    advice: str = ""
    """What a person can do about it."""
    late: tuple[Stratagem, ...] = ()
    """Legacy rows that no payment surely owns, and that may be its own."""
    conclusion: str = ""
    """How it stands, if it is settled or in flight."""
    corrections: tuple[Stratagem, ...] = ()
    """What people decided to give beside its own transfers, and to take back from any of them."""
    mentioned: tuple[Stratagem, ...] = ()
    """Credits by hand that mention it."""
    left_there: bool = False
    """Only for a transfer without a charge: the citizen has something to take back."""
    decision: Decision | None = None
    """The newest decision about it."""
    reopened: str = ""
    """What has changed since the decision."""
    is_decided: bool = False
    """A person decided to leave it as it is, and that still counts: it is not a discrepancy."""

    @property
    def is_open(self) -> bool:
        """A person or a machine must act on it."""
        return self.kind.is_discrepancy and not self.is_decided

    @property
    def rows(self) -> tuple[Stratagem, ...]:
        """Its own transfers, and those that took ducats back, gave them again or corrected it."""
        return (*self.stratagems, *self.returns, *self.corrections)

    @property
    def name(self) -> str:
        """The charge's id; for a transfer without a charge, its record id."""
        return self.charge.id if self.charge else self.stratagems[0].record_id

    @property
    def identity(self) -> str:
        """The id that people and later runs use: the payment's, or the transfer's record id."""
        return self.charge.payment_id if self.charge else self.name

    @property
    def repair_or_story(self) -> Repair:
        """What to type next: the repair, or else the command that tells the story."""
        return self.repair or explain(self.identity)


def worst_first(item: Item) -> tuple[int, Decimal, int, datetime, str]:
    """Sort key: the order in which items are shown."""
    severity, gravity = SEVERITY_RANK[item.severity], GRAVITY[item.kind]
    return severity, -item.at_risk, gravity, item.occurred_at, item.name


class Items(Sequence[Item]):
    """All items, worst first; settled items come last, in order of time.

    Only items that needed judging are kept. The item of a plainly settled charge is made each time
    it is asked for, since nobody looks at a million.
    """

    def __init__(
        self,
        judged: Sequence[Item],
        plain: PlainlySettled,
        make: Callable[[Charge, Stratagem], Item],
    ) -> None:
        ordered = sorted(judged, key=worst_first)
        self.unsettled = tuple(item for item in ordered if item.kind is not Kind.SETTLED)
        self._settled = ordered[len(self.unsettled) :]
        self._plain, self._make = plain, make

    @property
    def considered(self) -> tuple[Item, ...]:
        """All items except those of plainly settled charges."""
        return (*self.unsettled, *self._settled)

    @property
    def watched(self) -> tuple[Item, ...]:
        """The items that every run has to look at again: unsettled ones, and those that people
        decided about, since a change in the facts reopens them."""
        return (*self.unsettled, *(item for item in self._settled if item.decision))

    def __len__(self) -> int:
        return len(self.unsettled) + len(self._settled) + len(self._plain)

    def __iter__(self) -> Iterator[Item]:
        yield from self.unsettled
        yield from map(self._settled_at, range(len(self._order)))

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        place = range(len(self))[index]
        first = len(self.unsettled)
        return self.unsettled[place] if place < first else self._settled_at(place - first)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Items | tuple):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def _settled_at(self, place: int) -> Item:
        index = self._order[place]
        if index < len(self._settled):
            return self._settled[index]
        index -= len(self._settled)
        return self._make(self._plain.charges[index], self._plain.stratagems[index])

    @cached_property
    def _order(self) -> list[int]:
        """Indices of the settled items, sorted by time and name: first the kept ones, then the
        plainly settled."""
        times = [(item.occurred_at, item.name) for item in self._settled]
        times += [(charge.created_at, charge.id) for charge in self._plain.charges]
        return sorted(range(len(times)), key=times.__getitem__)
