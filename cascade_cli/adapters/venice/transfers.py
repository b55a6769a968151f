"""Reads the processor's transfers: for reconciliation, by an id, by what they look like, or by
their outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pyairtable import Api
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

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.adapters.venice.reader import KEYS_PER_REQUEST, TableReader, chunks
from cascade_cli.adapters.venice.slices import Page, Slices
from cascade_cli.adapters.venice.stratagem_rows import to_stratagem
from cascade_cli.adapters.venice.transfer_formulas import (
    any_transfer,
    created_in,
    of_balance,
    of_order,
    paid_by,
)
from cascade_cli.concurrency import Threads
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.rulings import Rulings, no_rulings
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.density import DensityEstimate
from cascade_cli.domain.shop.keys import PORTION_ID, payment_id_in, stratagem_id_for, whole_id

STRATAGEMS = "STRATAGEMS"
STRATAGEM_FIELDS = [
    "StratagemId",
    "ExecutedBy",
    "TargetCitizen",
    "Status",
    "ExecutedAt",
    "ExpiresAt",
    "Notes",
]
# Each order needs several conditions.
ORDERS_PER_REQUEST = 50
_FEW = 10


class TransferReader(TableReader):
    """Reads the processor's transfers. Raises only errors of cascade_cli.errors.

    `rulings` finds what people decided about single rows. All rows are returned as decided.

    Open, older and executed transfers are only those that move the processor's own ducats. The
    other methods also find what another processor pays or receives under a key of cascade's.
    """

    def __init__(
        self,
        api: Api,
        base_id: str,
        processor: str,
        threads: Threads | None = None,
        now: Callable[[], datetime] = utc_now,
        *,
        rulings: Callable[[], Rulings] = no_rulings,
    ) -> None:
        super().__init__(api, base_id)
        self._processor, self._rulings = processor, rulings
        self._threads, self._now = threads or Threads(), now

    def transfers(
        self,
        since: datetime,
        until: datetime | None = None,
        expected: DensityEstimate | None = None,
    ) -> list[Stratagem]:
        """The processor's transfers created in [since, until), or since then; in any order.

        With `expected`, which estimates how many there are, several threads share the work.
        """

        def pages(start: datetime, end: datetime | None) -> Iterator[Page]:
            created = any_transfer(self._processor, *created_in(start, end))
            return self._pages(STRATAGEMS, created, fields=STRATAGEM_FIELDS)

        slices = Slices(pages, self._stratagem, expected or DensityEstimate(), self._now)
        with translated_errors():
            return slices.read(since, until, self._threads if expected else Threads())

    def transfers_named(self, stratagem_ids: Sequence[str]) -> list[Stratagem]:
        """The processor's transfers with these StratagemIds, whenever they were created."""
        records = {key: list(self._settling([payment_id_in(key) or ""])) for key in stratagem_ids}

        def condition(key: str) -> Formula:
            named = EQ(Field("StratagemId"), key)
            ways = [EQ(RECORD_ID(), record) for record in records[key]]
            return OR(named, *ways) if ways else named

        return self._each(stratagem_ids, condition)

    def _settling(self, payments: Iterable[str]) -> Iterator[str]:
        """The record ids of transfers that people have assigned to these payments."""
        if rulings := self._rulings():
            wanted = set(payments)
            yield from sorted(r.record_id for r in rulings.values() if r.settles in wanted)

    def transfers_noting(self, payment_ids: Sequence[str]) -> list[Stratagem]:
        """The processor's transfers whose Notes name these payments, and perhaps some others."""
        return self._each(payment_ids, lambda id_: FIND(id_, Field("Notes")))

    def transfers_recorded(self, record_ids: Sequence[str]) -> list[Stratagem]:
        """The processor's transfers with these record ids, if they still exist."""
        return self._each(record_ids, lambda id_: EQ(RECORD_ID(), id_))

    def _each(self, ids: Sequence[str], condition: Callable[[str], Formula]) -> list[Stratagem]:
        some = list(chunks(ids, KEYS_PER_REQUEST))
        found = self._threads.map(lambda ids: self._any(OR(*map(condition, ids))), some)
        return [stratagem for of_chunk in found for stratagem in of_chunk]

    def transfers_for(self, orders: Sequence[Order]) -> list[Stratagem]:
        """All transfers that may belong to these orders, and perhaps some that do not.

        They are found by StratagemId, by the payment's ids in Notes, and by record id. What the
        legacy connector made for the same citizen after the payment is found too.
        """
        found: dict[str, Stratagem] = {}
        for chunk in chunks(orders, ORDERS_PER_REQUEST):
            ways = [condition for order in chunk for condition in of_order(order)]
            payments = [order.charge.payment_id for order in chunk if order.charge]
            ways += [EQ(RECORD_ID(), record) for record in self._settling(payments)]
            found |= {stratagem.record_id: stratagem for stratagem in self._any(OR(*ways))}
        return list(found.values())

    def identified(self, identity: str) -> list[Stratagem]:
        """The transfers with this StratagemId or record id, or for this payment by key or Notes."""
        ways: list[Formula] = [EQ(Field("StratagemId"), identity), EQ(RECORD_ID(), identity)]
        if PORTION_ID.fullmatch(identity):
            ways += [
                EQ(Field("StratagemId"), stratagem_id_for(identity)),
                FIND(whole_id(identity), Field("Notes")),
            ]
        return [row for row in self._any(OR(*ways)) if _is_meant(row, identity)]

    def beginning(self, identity: str) -> list[Stratagem]:
        """Some transfers with this text in StratagemId, record id or Notes, for an id whose end was
        lost."""
        places: tuple[Any, ...] = (Field("StratagemId"), RECORD_ID(), Field("Notes"))
        has = OR(*(FIND(identity, place) for place in places))
        return self._any(has, max_records=_FEW, page_size=_FEW)

    def by_record(self, record_ids: Sequence[str]) -> list[Stratagem]:
        """The transfers with these record ids, if they still exist."""
        return self._any(OR(*(EQ(RECORD_ID(), record_id) for record_id in record_ids)))

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
        return self._any(*conditions)

    def open_transfers(self) -> list[Stratagem]:
        """All active or planned transfers, whenever they were made."""
        return self._paid(OR(EQ(Field("Status"), "active"), EQ(Field("Status"), "planned")))

    def executed_since(self, since: datetime) -> list[Stratagem]:
        """The transfers that the engine executed at that moment or later, and that moved the
        processor's own ducats."""
        lately = NOT(IS_BEFORE(Field("ExecutedAt"), to_formula(since)))
        found = self._read(of_balance(self._processor, EQ(Field("Status"), "executed"), lately))
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
        newest = {"sort": ["-ExecutedAt"], "max_records": 1, "page_size": 1}
        last = self._paid(EQ(Field("Status"), "executed"), **newest)
        return last[0].executed_at if last else None

    def has_mode(self, livemode: bool) -> bool:
        """Whether this base has a transfer that cascade wrote for a payment of that mode, whoever
        pays it."""
        # As text, just as json.dumps writes it: a formula cannot read the JSON in Notes.
        marked = FIND(f'"livemode": {str(livemode).lower()}', Field("Notes"))
        return bool(self._any(marked, max_records=1))

    def _any(self, *conditions: Formula, **options: Any) -> list[Stratagem]:
        return self._read(any_transfer(self._processor, *conditions), **options)

    def _paid(self, *conditions: Formula, **options: Any) -> list[Stratagem]:
        return self._read(paid_by(self._processor, *conditions), **options)

    def _read(self, formula: Formula, **options: Any) -> list[Stratagem]:
        return self._select(
            STRATAGEMS, formula, self._stratagem, fields=STRATAGEM_FIELDS, **options
        )

    def _stratagem(self, record: dict[str, Any]) -> Stratagem:
        row = to_stratagem(record, self._processor)
        ruling = self._rulings().get(row.record_id)
        return ruling.applied_to(row) if ruling else row


def _is_meant(row: Stratagem, identity: str) -> bool:
    """Whether the row has the id itself. FIND also finds it as the beginning of another id, or in
    free text."""
    names = {row.stratagem_id, row.record_id, *row.stripe_ids, *map(whole_id, row.stripe_ids)}
    return identity in names or row.stratagem_id == stratagem_id_for(identity)
