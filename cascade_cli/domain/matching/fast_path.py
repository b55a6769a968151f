"""The fast path: finds what is plainly settled, so that nothing else has to look at it.

Nearly every charge was paid in full, is neither refunded nor disputed, and has one transfer under
its own key, which was executed for the right citizen and amount. One pass finds these charges.
Matching, findings and evidence only see the rest, and reach the same verdicts as on the whole: if
anything may concern a charge that looks plain, the charge stays among the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import compress
from operator import attrgetter, not_, or_

from cascade_cli.domain.matching.matching import LEGACY_REACH, named_payments
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.keys import PAYMENT_PREFIX, Origin
from cascade_cli.domain.shop.money import CURRENCY, ZERO, exactly

# How ids begin: no intent can be another charge's id, and every id makes a valid key.
_INTENT, _CHARGE = ("pi_",), ("ch_", "py_")
_DUCATS = attrgetter("ducats")
# This many different sales are cached; a shop with more computes some of them again.
_SALES = 4096


@dataclass(frozen=True, slots=True)
class PlainlySettled:
    """Charges, and in the same order the one transfer of each.

    Two lists rather than one of pairs: a million tuples would cost more than all the rest.
    """

    charges: list[Charge]
    stratagems: list[Stratagem]

    def __len__(self) -> int:
        return len(self.charges)

    @property
    def ducats(self) -> Decimal:
        """The ducats sold by the charges, which equal those moved by the transfers. Use it within
        `money.exactly`."""
        return sum(map(_DUCATS, self.charges), ZERO)


FastPath = Callable[[Snapshot, PriceList], tuple[PlainlySettled, Snapshot]]


def take_fast_path(snapshot: Snapshot, prices: PriceList) -> tuple[PlainlySettled, Snapshot]:
    """What is plainly settled, and the snapshot without it. Judging the rest gives the same
    verdicts."""
    by_key, rest = _by_key(snapshot.stratagems)
    with exactly():
        plain, charges = _pair(snapshot, by_key, rest, prices)
    rest += by_key.values()
    # The fast path needs ids that cannot be confused: no intent reads like a charge's id, and every
    # intent makes a key from which it can be read back.
    intents = [charge.payment_intent or "" for charge in plain.charges]
    ids = [charge.id for charge in plain.charges]
    if not (_all_begin_with(intents, _INTENT) and _all_begin_with(ids, _CHARGE)):
        return PlainlySettled([], []), snapshot
    concerned = _concerned(plain.charges, intents, ids, charges, rest)
    charges += compress(plain.charges, concerned)
    rest += compress(plain.stratagems, concerned)
    alone = list(map(not_, concerned))
    settled = PlainlySettled(
        [*compress(plain.charges, alone)], [*compress(plain.stratagems, alone)]
    )
    return settled, replace(snapshot, charges=tuple(charges), stratagems=tuple(rest))


class CachedFastPath:
    """`take_fast_path` for one run: remembers the result for the rows it saw last, even if lookups
    were added since."""

    def __init__(self) -> None:
        self._seen: Snapshot | None = None
        self._found: tuple[PlainlySettled, Snapshot] | None = None

    def __call__(self, snapshot: Snapshot, prices: PriceList) -> tuple[PlainlySettled, Snapshot]:
        """The same as `take_fast_path`; the prices must not change during the run."""
        if self._found is None or not _same_rows(snapshot, self._seen):
            self._seen, self._found = snapshot, take_fast_path(snapshot, prices)
        plain, rest = self._found
        return plain, replace(snapshot, charges=rest.charges, stratagems=rest.stratagems)


def _same_rows(one: Snapshot, other: Snapshot | None) -> bool:
    return (
        other is not None
        and one.charges is other.charges
        and one.stratagems is other.stratagems
        and (one.window, one.beyond) == (other.window, other.beyond)
    )


def _by_key(stratagems: Iterable[Stratagem]) -> tuple[dict[str, Stratagem], list[Stratagem]]:
    """One stratagem for each StratagemId, and a list of all the others."""
    by_key: dict[str, Stratagem] = {}
    keep = by_key.setdefault
    return by_key, [s for s in stratagems if keep(s.stratagem_id, s) is not s]


def _pair(
    snapshot: Snapshot, by_key: dict[str, Stratagem], rest: list[Stratagem], prices: PriceList
) -> tuple[PlainlySettled, list[Charge]]:
    """Take each charge's stratagem out of `by_key`. Returns the plainly settled pairs and all other
    charges, whose stratagems are added to `rest`."""
    plain, others = PlainlySettled([], []), []
    take, least_cents, ours = by_key.pop, _least_cents(prices), Origin.PAYMENT
    uncertain = Failure.UNCERTAIN
    since, until, beyond = snapshot.window.since, snapshot.window.until, snapshot.beyond
    for charge in snapshot.charges:
        intent = charge.payment_intent
        stratagem = take(PAYMENT_PREFIX + intent, None) if intent else None
        # One expression, because a call for each question would take twice as long. A portion is
        # never plain: its charge's id has an unusual form, which would put all other charges back
        # into the rest.
        if (
            stratagem
            and stratagem.status == "executed"
            and stratagem.failure is not uncertain
            and stratagem.origin is ours
            and charge.citizen
            and stratagem.citizen == charge.citizen
            and charge.ducats
            and stratagem.ducats == charge.ducats
            and not charge.refunded_cents
            and not charge.disputed
            and not charge.portion
            and charge.period is None
            and (since <= charge.created_at < until or charge.id in beyond)
            and charge.captured_cents >= least_cents(charge)
        ):
            plain.charges.append(charge)
            plain.stratagems.append(stratagem)
        else:
            others.append(charge)
            if stratagem:
                rest.append(stratagem)
    return plain, others


def _least_cents(prices: PriceList) -> Callable[[Charge], int]:
    """`prices.least_cents`, cached for identical sales."""
    known: dict[tuple[object, ...], int] = {}

    def least_cents(charge: Charge) -> int:
        # Prices and exchange rates change by the day.
        day = charge.created_at.date() if prices.changes or charge.currency != CURRENCY else None
        sale = charge.ducats, charge.rate, charge.package, charge.currency, charge.exchange, day
        cents = known.get(sale)
        if cents is None:
            cents = prices.least_cents(charge)
            if len(known) < _SALES:
                known[sale] = cents
        return cents

    return least_cents


def _all_begin_with(ids: Sequence[str], beginnings: Iterable[str]) -> bool:
    """Whether each id has one of the beginnings, followed by letters and digits only.

    A million ids are checked as one text, one to a line. Each line break that is followed by a
    beginning is replaced by a letter. Any other line break stays, and makes the text not
    alphanumeric.
    """
    text = "\n".join(["", *ids])
    if "_\n" in text or text.endswith("_"):
        return False
    begun = 0
    for beginning in beginnings:
        begun += text.count(f"\n{beginning}")
        text = text.replace(f"\n{beginning}", "x")
    return begun == len(ids) and text.isascii() and text.isalnum()


def _concerned(
    plain: Sequence[Charge],
    intents: Iterable[str],
    ids: Iterable[str],
    others: Iterable[Charge],
    rest: Iterable[Stratagem],
) -> list[bool]:
    """For each charge that looks plain, whether anything else may concern it.

    Another charge has the same intent, another stratagem names the payment, or the legacy connector
    may have credited it as well.
    """
    names = {name for charge in others for name in (charge.payment_intent, charge.id)}
    for stratagem in rest:
        names.update(named_payments(stratagem))
        names.update(stratagem.mentions)
    named = map(or_, map(names.__contains__, intents), map(names.__contains__, ids))
    legacy = _legacy_times(rest)
    if not legacy:
        return list(named)
    buyers = {citizen for citizen, _ in legacy}

    def is_reached(charge: Charge) -> bool:
        made = legacy.get((charge.citizen, charge.ducats), ())
        return any(
            charge.created_at <= moment <= charge.created_at + LEGACY_REACH for moment in made
        )

    return [
        is_named or (charge.citizen in buyers and is_reached(charge))
        for charge, is_named in zip(plain, named, strict=True)
    ]


def _legacy_times(
    rest: Iterable[Stratagem],
) -> dict[tuple[str | None, Decimal | None], list[datetime]]:
    """When the legacy connector made transfers that are not plain, by citizen and ducats."""
    made: defaultdict[tuple[str | None, Decimal | None], list[datetime]] = defaultdict(list)
    for stratagem in rest:
        if stratagem.origin is Origin.LEGACY:
            made[stratagem.citizen, stratagem.ducats].append(stratagem.created_at)
    return made
