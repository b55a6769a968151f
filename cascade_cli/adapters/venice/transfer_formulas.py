"""Airtable's formulas for the transfers that cascade reads: whose they are, and of which order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

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

from cascade_cli.domain.records.charges import Charge, Portion
from cascade_cli.domain.records.orders import PORTION, Order
from cascade_cli.domain.shop.keys import KEY_PREFIX, LEGACY_SOURCE, stratagem_id_for, whole_id

TRANSFER = "transfer_ducats"


def any_transfer(processor: str, *conditions: Formula) -> Formula:
    """What the processor pays, and every row with a key of cascade's and every legacy row, whoever
    executes it. Citizens execute what is taken back, and another processor may have paid before."""
    ours = OR(
        EQ(Field("ExecutedBy"), processor),
        FIND(KEY_PREFIX, Field("StratagemId")),
        FIND(LEGACY_SOURCE, Field("Notes")),
    )
    return AND(ours, EQ(Field("Type"), TRANSFER), *conditions)


def of_balance(processor: str, *conditions: Formula) -> Formula:
    """Only what changes the processor's balance: what it pays, and what comes back to it."""
    returning = AND(
        EQ(Field("TargetCitizen"), processor),
        FIND(KEY_PREFIX, Field("StratagemId")),
    )
    ours = OR(EQ(Field("ExecutedBy"), processor), returning)
    return AND(ours, EQ(Field("Type"), TRANSFER), *conditions)


def paid_by(processor: str, *conditions: Formula) -> Formula:
    """Only what the processor pays."""
    ours = (EQ(Field("ExecutedBy"), processor), EQ(Field("Type"), TRANSFER))
    return AND(*ours, *conditions)


def created_in(since: datetime, until: datetime | None) -> Iterator[Formula]:
    """Created in [since, until). Not by IS_AFTER, which misses the rows of the same second."""
    yield NOT(IS_BEFORE(CREATED_TIME(), to_formula(since)))
    if until:
        yield IS_BEFORE(CREATED_TIME(), to_formula(until))


def of_order(order: Order) -> Iterator[Formula]:
    """Each is true for rows that may belong to the order, and perhaps for some that do not."""
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
