"""Venice's tables: which fields cascade reads, and which records it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from pyairtable import Api
from pyairtable.formulas import (
    AND,
    CREATED_TIME,
    EQ,
    FIND,
    IS_BEFORE,
    NOT,
    OR,
    RECORD_ID,
    Field,
    Formula,
    to_formula,
)

from cascade_cli.adapters.http.transport import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Transport,
    plain_session,
    utc_now,
)
from cascade_cli.adapters.venice.citizens import CITIZENS, named_like, to_resident
from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.adapters.venice.slices import PAGE_SIZE, Page, Slices, restarting
from cascade_cli.adapters.venice.stratagem_rows import to_stratagem
from cascade_cli.concurrency import Threads
from cascade_cli.domain.records.charges import Charge, Portion
from cascade_cli.domain.records.citizens import Resident
from cascade_cli.domain.records.orders import PORTION, Order
from cascade_cli.domain.records.rulings import Rulings, no_rulings
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.density import DensityEstimate
from cascade_cli.domain.shop.keys import (
    KEY_PREFIX,
    LEGACY_SOURCE,
    payment_id_in,
    stratagem_id_for,
    whole_id,
)

STRATAGEMS = "STRATAGEMS"
TRANSFER = "transfer_ducats"
STRATAGEM_FIELDS = (
    "StratagemId",
    "ExecutedBy",
    "TargetCitizen",
    "Status",
    "ExecutedAt",
    "ExpiresAt",
    "Notes",
)
# With 95 keys, a formula stays below the URL length from which pyairtable sends a POST.
KEYS_PER_REQUEST = 95
# Each order needs several conditions.
ORDERS_PER_REQUEST = 50

T = TypeVar("T")


def airtable_api(token: str, endpoint_url: str, transport: Transport) -> Api:
    """pyairtable without its own retries, which repeat creates, without netrc, and without proxies
    for loopback."""
    timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
    api = Api(token, endpoint_url=endpoint_url, retry_strategy=None, timeout=timeout)
    session = plain_session(endpoint_url, transport)
    session.headers.update(api.session.headers)
    api.session = session
    return api


class VeniceReader:
    """Reads the processor's transfers and citizens. Raises only errors of cascade_cli.errors.

    `rulings` finds what people decided about single rows. All rows are returned as decided.
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
        self._rulings = rulings
        self._api, self._base_id, self._processor = api, base_id, processor
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
            return self._pages(self._transfers_where(*_created(start, end)))

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
        chunks = list(_chunks(ids, KEYS_PER_REQUEST))
        found = self._threads.map(lambda ids: self._stratagems(OR(*map(condition, ids))), chunks)
        return [stratagem for of_chunk in found for stratagem in of_chunk]

    def transfers_for(self, orders: Sequence[Order]) -> list[Stratagem]:
        """All transfers that may belong to these orders, and perhaps some that do not.

        They are found by StratagemId, by the payment's ids in Notes, and by record id. What the
        legacy connector made for the same citizen after the payment is found too.
        """
        found: dict[str, Stratagem] = {}
        for chunk in _chunks(orders, ORDERS_PER_REQUEST):
            ways = [condition for order in chunk for condition in _belongs_to(order)]
            payments = [order.charge.payment_id for order in chunk if order.charge]
            ways += [EQ(RECORD_ID(), record) for record in self._settling(payments)]
            either = OR(*ways)
            found |= {stratagem.record_id: stratagem for stratagem in self._stratagems(either)}
        return list(found.values())

    def _stratagems(self, *conditions: Formula) -> list[Stratagem]:
        records = self._select(self._transfers_where(*conditions))
        with translated_errors():
            return [self._stratagem(record) for record in records]

    def _stratagem(self, record: dict[str, Any]) -> Stratagem:
        row = to_stratagem(record, self._processor)
        ruling = self._rulings().get(row.record_id)
        return ruling.applied_to(row) if ruling else row

    def _transfers_where(self, *conditions: Formula) -> Formula:
        """What the processor pays, and every row with a key of cascade's and every legacy row,
        whoever executes it. Citizens execute what is taken back, and another processor may have
        paid before."""
        ours = OR(
            EQ(Field("ExecutedBy"), self._processor),
            FIND(KEY_PREFIX, Field("StratagemId")),
            FIND(LEGACY_SOURCE, Field("Notes")),
        )
        return AND(ours, EQ(Field("Type"), TRANSFER), *conditions)

    def _balance_where(self, *conditions: Formula) -> Formula:
        """Only what changes the processor's balance: what it pays, and what comes back to it."""
        returning = AND(
            EQ(Field("TargetCitizen"), self._processor),
            FIND(KEY_PREFIX, Field("StratagemId")),
        )
        ours = OR(EQ(Field("ExecutedBy"), self._processor), returning)
        return AND(ours, EQ(Field("Type"), TRANSFER), *conditions)

    def _paid_where(self, *conditions: Formula) -> Formula:
        """Only what the processor pays."""
        ours = (EQ(Field("ExecutedBy"), self._processor), EQ(Field("Type"), TRANSFER))
        return AND(*ours, *conditions)

    def citizens(self, usernames: Sequence[str]) -> dict[str, Decimal]:
        """The ducats of the citizens with these names, and of those with similar names.

        The keys are spelt as Venice spells them. A citizen who is not in the answer does not exist.
        """
        return {name: found.ducats for name, found in self.residents(usernames).items()}

    def residents(self, usernames: Sequence[str]) -> dict[str, Resident]:
        """Like `citizens`, with the time when each record was made; by the same requests."""
        chunks = list(_chunks(usernames, KEYS_PER_REQUEST))
        found = self._threads.map(self._citizens, chunks)
        return {
            record["fields"].get("Username", ""): to_resident(record)
            for of_chunk in found
            for record in of_chunk
        }

    def _citizens(self, names: Sequence[str]) -> list[Any]:
        return self._select(named_like(names), CITIZENS, ("Username", "Ducats"))

    def has_mode(self, livemode: bool) -> bool:
        """Whether this base has a transfer that cascade wrote for a payment of that mode, whoever
        pays it."""
        # As text, just as json.dumps writes it: a formula cannot read the JSON in Notes.
        marked = FIND(f'"livemode": {str(livemode).lower()}', Field("Notes"))
        return bool(self._select(self._transfers_where(marked), max_records=1))

    def usernames(self) -> list[str]:
        """All citizens' names. That is a request per 100 names, so only if a name was not found."""
        records = self._select(Formula("TRUE()"), CITIZENS, ("Username",))
        return [str(record["fields"].get("Username", "")) for record in records]

    def _select(
        self,
        formula: Formula,
        table: str = STRATAGEMS,
        fields: Sequence[str] = STRATAGEM_FIELDS,
        **options: int,
    ) -> list[Any]:
        found: list[Any] = []

        def read() -> Iterator[None]:
            # Airtable's cursors expire. Then the listing starts over.
            found.clear()
            for page in self._pages(formula, table, fields, **options):
                found.extend(page["records"])
                yield

        with translated_errors():
            for _page in restarting(read):
                pass
        return found

    def _pages(
        self,
        formula: Formula,
        table: str = STRATAGEMS,
        fields: Sequence[str] = STRATAGEM_FIELDS,
        **options: int,
    ) -> Iterator[Page]:
        asked = {"formula": str(formula), "fields": list(fields), "page_size": PAGE_SIZE, **options}
        urls = self._api.table(self._base_id, table).urls
        # Not Table.iterate(), which takes an answer without `records` for an empty table. Then
        # every charge would look uncredited.
        return self._api.iterate_requests(
            "get", urls.records, fallback=("post", urls.records_post), options=asked
        )


def _created(since: datetime, until: datetime | None) -> Iterator[Formula]:
    """Created in [since, until). Not by IS_AFTER, which misses the rows of the same second."""
    yield NOT(IS_BEFORE(CREATED_TIME(), to_formula(since)))
    if until:
        yield IS_BEFORE(CREATED_TIME(), to_formula(until))


def _belongs_to(order: Order) -> Iterator[Formula]:
    yield EQ(Field("StratagemId"), order.key)
    for record in sorted(order.own_records):
        yield EQ(RECORD_ID(), record)
    for payment in order.mentions:
        yield FIND(payment, Field("Notes"))
    if (charge := order.charge) is None:
        return
    # Not a set: the same order must make the same request in every process.
    for payment_id in dict.fromkeys(charge.names):
        if not charge.portion:
            yield FIND(payment_id, Field("Notes"))
        if stratagem_id_for(payment_id) != order.key:
            yield EQ(Field("StratagemId"), stratagem_id_for(payment_id))
    if charge.portion:
        yield _names_portion(charge, charge.portion, order.citizen)
    yield AND(
        EQ(Field("TargetCitizen"), order.citizen),
        FIND(LEGACY_SOURCE, Field("Notes")),
        # Without an upper limit: the legacy connector may run long after the payment.
        NOT(IS_BEFORE(CREATED_TIME(), to_formula(charge.created_at))),
    )


def _names_portion(charge: Charge, portion: Portion, citizen: str) -> Formula:
    """Rows whose Notes name the whole payment, but only this portion's: the Notes of all portions
    name it, and a thousand rows would come for each chunk of orders."""
    whole = {whole_id(charge.payment_id), charge.charge_id}
    ours = OR(
        EQ(Field("TargetCitizen"), citizen),
        EQ(Field("ExecutedBy"), citizen),
        # Our own Notes have the number, even if the row is for a citizen in place of this one.
        FIND(f'"{PORTION}": {portion.number},', Field("Notes")),
    )
    return AND(OR(*(FIND(name, Field("Notes")) for name in sorted(whole))), ours)


def _chunks(keys: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(keys)
    while chunk := list(islice(remaining, size)):
        yield chunk
