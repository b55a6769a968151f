"""Find the processor's transfers in ways that reconciliation does not need.

Open, older and executed transfers are only those that move the processor's own ducats. The other
methods also find what another processor pays or receives under a key of cascade's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyairtable.formulas import (
    AND,
    CREATED_TIME,
    EQ,
    FALSE,
    FIND,
    IF,
    IS_BEFORE,
    NOT,
    OR,
    RECORD_ID,
    TRUE,
    Field,
    Formula,
    to_formula,
)

from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.adapters.venice.reader import (
    STRATAGEM_FIELDS,
    STRATAGEMS,
    VeniceReader,
)
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import PORTION_ID, stratagem_id_for, whole_id

_FEW = 10


class TransferReader(VeniceReader):
    """Finds transfers by any id, by what they look like, or by what became of them."""

    def identified(self, identity: str) -> list[Stratagem]:
        """The transfers with this StratagemId or record id, or for this payment by key or Notes."""
        ways: list[Formula] = [EQ(Field("StratagemId"), identity), EQ(RECORD_ID(), identity)]
        if PORTION_ID.fullmatch(identity):
            ways += [
                EQ(Field("StratagemId"), stratagem_id_for(identity)),
                FIND(whole_id(identity), Field("Notes")),
            ]
        return [row for row in self._where(OR(*ways)) if _is_meant(row, identity)]

    def beginning(self, identity: str) -> list[Stratagem]:
        """Some transfers with this text in StratagemId, record id or Notes, for an id whose end was
        lost."""
        places: tuple[Any, ...] = (Field("StratagemId"), RECORD_ID(), Field("Notes"))
        has = OR(*(FIND(identity, place) for place in places))
        with translated_errors():
            found = self._select(self._transfers_where(has), max_records=_FEW, page_size=_FEW)
            return [self._stratagem(record) for record in found]

    def by_record(self, record_ids: Sequence[str]) -> list[Stratagem]:
        """The transfers with these record ids, if they still exist."""
        return self._where(OR(*(EQ(RECORD_ID(), record_id) for record_id in record_ids)))

    def listed(
        self, since: datetime, *, status: str | None = None, citizen: str | None = None
    ) -> list[Stratagem]:
        """The transfers created since then, with exactly that Status and that citizen."""
        conditions: list[Formula] = [NOT(IS_BEFORE(CREATED_TIME(), to_formula(since)))]
        if status is not None:
            conditions.append(EQ(Field("Status"), status))
        if citizen is not None:
            # What is taken back from a citizen goes to the processor.
            ways = (EQ(Field("TargetCitizen"), citizen), EQ(Field("ExecutedBy"), citizen))
            conditions.append(OR(*ways))
        return self._where(*conditions)

    def open_transfers(self) -> list[Stratagem]:
        """All active or planned transfers, whenever they were made."""
        return self._paid(OR(EQ(Field("Status"), "active"), EQ(Field("Status"), "planned")))

    def executed_since(self, since: datetime) -> list[Stratagem]:
        """The transfers that the engine executed at that moment or later, and that moved the
        processor's own ducats."""
        lately = NOT(IS_BEFORE(Field("ExecutedAt"), to_formula(since)))
        where = self._balance_where(EQ(Field("Status"), "executed"), lately)
        found = [self._stratagem(record) for record in self._select(where)]
        return [row for row in found if row.executed_at and row.executed_at >= since]

    def open_or_recent(
        self, before: datetime, executed_since: datetime, now: datetime
    ) -> list[Stratagem]:
        """The transfers created before that moment that still matter: planned, active and not
        expired at `now` (a blank expiry never is), or executed since `executed_since`.

        Rows that expired unnoticed stay in the base for ever, and are not read.
        """
        # A comparison with an empty cell is an error, and makes the whole formula one.
        may_run = NOT(IS_BEFORE(Field("ExpiresAt"), to_formula(now)))
        lately = NOT(IS_BEFORE(Field("ExecutedAt"), to_formula(executed_since)))
        return self._paid(
            IS_BEFORE(CREATED_TIME(), to_formula(before)),
            OR(
                EQ(Field("Status"), "planned"),
                AND(EQ(Field("Status"), "active"), IF(Field("ExpiresAt"), may_run, TRUE())),
                AND(EQ(Field("Status"), "executed"), IF(Field("ExecutedAt"), lately, FALSE())),
            ),
        )

    def last_executed_at(self) -> datetime | None:
        """When the engine last executed one of the processor's transfers. Reads one record."""
        executed = self._paid_where(EQ(Field("Status"), "executed"))
        with translated_errors():
            last = self._api.table(self._base_id, STRATAGEMS).first(
                formula=str(executed), sort=["-ExecutedAt"], fields=list(STRATAGEM_FIELDS)
            )
        return self._stratagem(dict(last)).executed_at if last else None

    def _paid(self, *conditions: Formula) -> list[Stratagem]:
        return [self._stratagem(r) for r in self._select(self._paid_where(*conditions))]

    def _where(self, *conditions: Formula) -> list[Stratagem]:
        return [self._stratagem(r) for r in self._select(self._transfers_where(*conditions))]


def _is_meant(row: Stratagem, identity: str) -> bool:
    """Whether the row has the id itself. FIND also finds it as the beginning of another id, or in
    free text."""
    names = {row.stratagem_id, row.record_id, *row.stripe_ids, *map(whole_id, row.stripe_ids)}
    return identity in names or row.stratagem_id == stratagem_id_for(identity)
