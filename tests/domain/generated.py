"""Worlds rich in collisions: few citizens, amounts and ids, and times on a coarse grid.

Each record comes from a random source of its own, made from one drawn number: a hundred times
faster than drawing every field, and hypothesis can still shrink a failing world record by record.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import strategies as st

from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.records.charges import Charge, Dispute
from cascade_cli.domain.records.stratagems import (
    CORRECTING,
    RETURNING,
    TAKING,
    Failure,
    Ruling,
    Stratagem,
)
from cascade_cli.domain.selling.allocation import Allocation, Share, portions_of
from cascade_cli.domain.shop.keys import (
    Origin,
    correction_key,
    give_back_key,
    refund_key,
    stratagem_id_for,
    take_back_key,
)
from cascade_cli.domain.shop.times import Window
from tests.domain.samples import NOW

WINDOW = Window(NOW - timedelta(days=4), NOW - timedelta(hours=6))
CITIZENS = ("marco", "Marco", "polo")
AMOUNTS = tuple(map(Decimal, ("100", "525", "0.30000000000000004", "999999999999")))
_GRID = timedelta(hours=6)
_STATUSES = (
    *("active", "active", "active", "executed", "executed", "failed", "failed", "error"),
    *("planned", "expired", "cancelled", "", "odd"),
)
_EARLIEST = WINDOW.since - timedelta(days=1)
_OTHER_CHARGE = 99
_TWINS = 0.5
_BEYOND = 0.3
_FOR_MANY = 0.3
_OTHERS = 0.2


def snapshots() -> st.SearchStrategy[Snapshot]:
    """Up to five charges and twelve stratagems, and answers to some of what may be asked."""
    return st.builds(_snapshot, st.integers(0, 2**32), st.integers(0, 5), st.integers(0, 12))


def charges(number: int) -> st.SearchStrategy[Charge]:
    """A paid charge, of the window or before it; `number` makes its ids."""
    return st.integers(0, 2**32).map(lambda seed: _charge(_source(seed), number))


def _snapshot(seed: int, sold: int, made: int) -> Snapshot:
    twins = _source(seed, "twins")
    sales = [
        sale
        for number in range(sold)
        for sale in _divided(
            _charge(_source(seed, "charge", number), number), _source(seed, "many", number)
        )
    ]
    transfers = [
        _paid_by(
            _suited(_stratagem(_source(seed, "stratagem", number), number), sales, twins),
            _source(seed, "payer", number),
        )
        for number in range(made)
    ]
    if sales and twins.random() < _TWINS:
        sales.append(replace(sales[0], id="ch_twin", payment_intent=None, portion=None))
    if transfers and twins.random() < _TWINS:
        transfers.append(replace(transfers[0], record_id="recTwin"))
    answers, chosen = _answers(_source(seed, "answers")), _source(seed, "beyond")
    ids = [*(sale.id for sale in sales), *(transfer.record_id for transfer in transfers)]
    beyond = frozenset(id for id in ids if chosen.random() < _BEYOND)
    return Snapshot(WINDOW, tuple(sales), tuple(transfers), answers, beyond)


def _divided(sale: Charge, source: Random) -> tuple[Charge, ...]:
    """Some are for one to three citizens, each with a portion, or for nobody knows whom."""
    if source.random() >= _FOR_MANY:
        return (sale,)
    if source.random() < _FOR_MANY:
        return (replace(sale, citizen=None, unallocated="it was sold for 3 citizens"),)
    citizens = source.sample(CITIZENS, source.randint(1, len(CITIZENS)))
    shares = tuple(Share(citizen, source.choice(AMOUNTS)) for citizen in citizens)
    return portions_of(sale, Allocation(shares))


def _suited(stratagem: Stratagem, sales: list[Charge], source: Random) -> Stratagem:
    """Half of them are for the citizen and amount of one of the sales."""
    if not sales or source.random() < 0.5:
        return stratagem
    sale = source.choice(sales)
    return replace(stratagem, citizen=sale.citizen or "", ducats=sale.ducats)


def _paid_by(stratagem: Stratagem, source: Random) -> Stratagem:
    """Some of them another than the processor pays."""
    return replace(stratagem, other_processor="OTHER") if source.random() < _OTHERS else stratagem


def _source(*names: object) -> Random:
    return Random(str(names))  # noqa: S311


def _charge(source: Random, number: int) -> Charge:
    cents = source.choice([1000, 5000, 3])
    return Charge(
        id=f"ch_{number}",
        payment_intent=source.choice([f"pi_{number}", f"pi_{number}", None]),
        created_at=_moment(source, WINDOW.until - _GRID),
        captured_cents=cents,
        refunded_cents=source.choice([0, 0, 0, 1, cents]),
        currency=source.choice(["usd", "usd", "eur"]),
        disputed=source.random() < 0.2,
        citizen=source.choice([None, *CITIZENS, *CITIZENS]),
        ducats=source.choice([None, *AMOUNTS, *AMOUNTS]),
        rate=source.choice([None, Decimal("0.10")]),
    )


def _stratagem(source: Random, number: int) -> Stratagem:
    made, citizen = _moment(source, NOW), source.choice(CITIZENS)
    origin = source.choice([*Origin, Origin.REFUND, *[Origin.PAYMENT, Origin.LEGACY] * 3])
    sale, suffix = source.randrange(5), source.choice(["", "", ".1", ".2"])
    payment = f"{source.choice(['pi', 'ch'])}_{sale}{suffix}"
    in_notes = origin is Origin.PAYMENT and source.random() < 0.5
    ducats = source.choice([None, *AMOUNTS, *AMOUNTS])
    return Stratagem(
        record_id=f"rec{number}",
        stratagem_id=_name(origin, citizen, payment, made, in_notes=in_notes),
        citizen=citizen,
        ducats=ducats,
        status=source.choice(_STATUSES),
        created_at=made,
        expires_at=source.choice([None, NOW, *[NOW + _GRID] * 4]),
        origin=origin,
        stripe_ids=(payment,) if in_notes or origin in RETURNING | CORRECTING else (),
        reason=source.choice(["", "Prize"]),
        failure=source.choice([None, *Failure]),
        success_logged=source.random() < 0.1,
        notes_flaw="" if ducats else "its Notes are empty",
        payer=source.choice(CITIZENS) if origin in TAKING else "",
        ruling=source.choice([None] * 8 + [*Ruling]),
        mentions=(payment,) if origin is Origin.MANUAL and source.random() < 0.5 else (),
    )


def _moment(source: Random, latest: datetime) -> datetime:
    """On the grid, from a day before the window; both of its bounds lie on the grid."""
    return _EARLIEST + source.randint(0, (latest - _EARLIEST) // _GRID) * _GRID


def _name(origin: Origin, citizen: str, payment: str, made: datetime, *, in_notes: bool) -> str:
    if origin is Origin.PAYMENT and not in_notes:
        return stratagem_id_for(payment)
    if origin is Origin.MANUAL:
        return "cascade_manual_1"
    if origin in RETURNING:
        refund = payment.replace("pi_", "re_").replace("ch_", "re_")
        return (refund_key if origin is Origin.REFUND else give_back_key)(refund)
    if origin is Origin.CORRECTION:
        return correction_key(payment)
    if origin is Origin.TAKE_BACK:
        return take_back_key(f"rec{made.minute % 8}")
    return f"cascade_payment_{citizen}_{int(made.timestamp())}"


def _answers(source: Random) -> Lookups:
    elsewhere = _charge(source, _OTHER_CHARGE)
    dispute = Dispute("du_1", "ch_1", source.choice(["won", "lost"]), "fraudulent", 1)
    return Lookups(
        citizens={name: source.random() < 0.5 for name in CITIZENS if source.random() < 0.8},
        similar=source.choice([{}, {"Marco": ("marco",)}]),
        payments={one: source.choice([(), (elsewhere,)]) for one in ("pi_4", "ch_4")},
        disputes={charge: (dispute,) for charge in ("ch_0", "ch_1") if source.random() < 0.5},
        processor_ducats=source.choice([None, *AMOUNTS]),
    )
