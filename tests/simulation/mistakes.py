"""Transfers of an older set-up that went wrong, and people who decide about them: at random, also
twice, also what does not fit, and while the engine runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, partial
from random import Random
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.decisions import Decision, How
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.services.reconcile.gather import Run
from tests.simulation.plan import CITIZENS, Mistake, Plan
from tests.simulation.shop import Shop
from tests.simulation.stage import Stage

_LIKELY = 0.2
_CENTS_PER_DUCAT = 10
_SMALL = Decimal("0.0001")
BROKE_OFF = "[ERROR] Processing error: connection reset"


class Way(StrEnum):
    """What went wrong."""

    WRONG = "wrong"
    """Somebody else got the ducats."""
    FEW = "few"
    MANY = "many"
    TWICE = "twice"
    MOVED = "moved"
    """The engine broke off after the ducats had moved."""
    NOT_MOVED = "not moved"


def with_mistakes(plan: Plan, random: Random) -> Plan:
    """In one history of five, one or two of them."""
    if random.random() > _LIKELY:
        return plan
    number = random.choice((1, 1, 2))
    return replace(plan, mistakes=tuple(_draw(random, plan, n) for n in range(number)))


def _draw(random: Random, plan: Plan, number: int) -> Mistake:
    horizon = plan.horizon_seconds
    citizen, other = random.sample(CITIZENS, 2)
    way = random.choice(tuple(Way))
    moments = sorted(random.uniform(0.02, 0.9) * horizon for _ in range(random.randrange(1, 5)))
    hows = [random.choice((*How, *_USUAL[way], *_USUAL[way])) for _ in moments]
    again = [random.choice((0.0, 0.0, 1.0, 40.0, 300.0)) for _ in moments]
    return Mistake(
        after_seconds=random.uniform(0, 0.3) * horizon,
        way=way.value,
        citizen=citizen,
        other=other,
        ducats=f"{random.randrange(300, 400)}.{number}25",
        decisions=tuple(zip(moments, (how.value for how in hows), again, strict=True)),
        by_hand_after=random.uniform(0.02, 0.9) * horizon if random.random() < 0.3 else 0.0,
        relapse_after=horizon * random.uniform(0.9, 1) if random.random() < 0.4 else 0.0,
    )


_USUAL = {
    Way.WRONG: (How.CREDIT, How.TAKE_BACK, How.CREDIT, How.ACCEPT),
    Way.FEW: (How.CREDIT, How.CREDIT, How.ACCEPT),
    Way.MANY: (How.TAKE_BACK, How.ACCEPT),
    Way.TWICE: (How.TAKE_BACK, How.ACCEPT),
    Way.MOVED: (How.MOVED,),
    Way.NOT_MOVED: (How.NOT_MOVED,),
}


@dataclass
class Made:
    """One mistake as it was made: its payment, and the rows with whom they gave how much."""

    mistake: Mistake
    charge: str
    intent: str
    rows: dict[str, str] = field(default_factory=dict)
    """By StratagemId, the record."""
    relapsed_at: datetime | None = None

    @property
    def ducats(self) -> Decimal:
        """What was sold."""
        return Decimal(self.mistake.ducats)

    @property
    def own_key(self) -> str:
        """Under which a machine would deliver it."""
        return f"cascade_payment_{self.intent}"

    @property
    def is_doubtful(self) -> bool:
        """The engine broke off, under cascade's own key."""
        return self.mistake.way in {Way.MOVED, Way.NOT_MOVED}

    @property
    def reference(self) -> str:
        """Of the credit by hand that somebody makes."""
        return f"for-{self.intent}"


class Mistakes:
    """Makes them, and lets people decide."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.made: list[Made] = []

    def schedule(self) -> None:
        """All that the plan has."""
        for number, mistake in enumerate(self._stage.plan.mistakes):
            self._stage.scheduler.at(mistake.after_seconds, partial(self._make, mistake, number))

    def _make(self, mistake: Mistake, number: int) -> None:
        if self._stage.engine.is_running:
            self._stage.scheduler.at(30, partial(self._make, mistake, number))
            return
        charge = self._pay(mistake)
        made = Made(mistake, charge["id"], str(charge["payment_intent"]))
        self.made.append(made)
        self._stage.tell(f"{mistake.way}: {mistake.citizen} pays for {made.intent}")
        for index, (citizen, ducats, moved) in enumerate(_deals(mistake)):
            name = made.own_key if made.is_doubtful else f"older_{number}_{index}"
            self._row(made, name, citizen, ducats, moved=moved)
        self._decide(made)

    def _decide(self, made: Made) -> None:
        mistake, at = made.mistake, self._stage.scheduler.at
        for number, (moment, how, again) in enumerate(mistake.decisions):
            decide = partial(self._say, made, How(how))
            start = partial(self._stage.start, f"{how}{number}", decide)
            at(moment, start)
            if again:
                at(moment + again, start)
        if after := mistake.by_hand_after:
            at(after, partial(self._stage.start, "by hand", partial(self._by_hand, made), 1))
        if after := mistake.relapse_after:
            at(after, partial(self._relapse, made))

    def _say(self, made: Made, how: How, shop: Shop) -> bool:
        """What became of a doubtful transfer people find out rightly."""
        return shop.decide(made.intent, how, self._has_moved)

    def _has_moved(self, stratagem_id: str) -> bool:
        moves = self._stage.city.moves.get(stratagem_id)
        if moves and moves.credits:
            return True
        self._stage.writes.excused.add(stratagem_id)
        return False

    def _by_hand(self, made: Made, shop: Shop) -> bool:
        return shop.credit_for(
            made.intent, made.mistake.citizen, _short_of(made.mistake), made.reference
        )

    def _relapse(self, made: Made) -> None:
        """The older set-up does it once more."""
        if self._stage.engine.is_running:
            self._stage.scheduler.at(30, partial(self._relapse, made))
            return
        made.relapsed_at = self._stage.scheduler.now()
        self._row(made, f"older_again_{made.intent}", made.mistake.other, Decimal(7), moved=True)

    def again(self) -> Iterator[tuple[str, Any]]:
        """What people type once more when all is quiet."""
        for made in self.made:
            if made.mistake.by_hand_after:
                yield "by hand", partial(self._by_hand, made)
            for how in dict.fromkeys(how for _, how, _ in made.mistake.decisions):
                if how in {How.CREDIT, How.TAKE_BACK, How.MOVED, How.NOT_MOVED}:
                    yield how, partial(self._say, made, How(how))

    def _pay(self, mistake: Mistake) -> dict[str, Any]:
        return self._stage.app.stripe.account.pay(
            amount=int(float(mistake.ducats) * _CENTS_PER_DUCAT) + 1,
            currency="usd",
            at=self._stage.scheduler.now(),
            metadata={
                "citizen_id": mistake.citizen,
                "ducat_amount": mistake.ducats,
                "exchange_rate": "0.1",
                "platform": "cascade",
                "type": "ducat_purchase",
            },
        )

    def _row(self, made: Made, name: str, citizen: str, ducats: Decimal, *, moved: bool) -> None:
        now = self._stage.scheduler.now().isoformat()
        doubtful = name == made.own_key
        notes = json.dumps({"amount": float(ducats), "payment_intent": made.intent})
        fields = {
            "StratagemId": name,
            "Type": "transfer_ducats",
            "ExecutedBy": PROCESSOR,
            "TargetCitizen": citizen,
            "Status": "failed" if doubtful else "executed",
            "ExpiresAt": now,
            "Notes": f"{notes}\n{BROKE_OFF}" if doubtful else notes,
            **({} if doubtful else {"ExecutedAt": now}),
        }
        record = self._stage.app.airtable.tables.create("STRATAGEMS", fields)
        made.rows[name] = record["id"]
        if moved:
            self._stage.city.move(name, citizen, ducats)


def _deals(mistake: Mistake) -> list[tuple[str, Decimal, bool]]:
    """Who got how much, and whether the ducats really moved."""
    ducats = Decimal(mistake.ducats)
    right = mistake.citizen
    return {
        Way.WRONG: [(mistake.other, ducats, True)],
        Way.FEW: [(right, ducats - 40, True)],
        Way.MANY: [(right, ducats + 40, True)],
        Way.TWICE: [(right, ducats, True), (right, ducats, True)],
        Way.MOVED: [(right, ducats, True)],
        Way.NOT_MOVED: [(right, ducats, False)],
    }[Way(mistake.way)]


def _short_of(mistake: Mistake) -> Decimal:
    return Decimal(40) if mistake.way == Way.FEW else Decimal(mistake.ducats)


@dataclass(frozen=True)
class MistakesJudge:
    """What must be true of them once all is at rest."""

    made: tuple[Made, ...]
    stage: Stage
    run: Run
    decisions: dict[str, Decision]

    @property
    def charges(self) -> frozenset[str]:
        """Theirs are judged here alone."""
        return frozenset(one.charge for one in self.made)

    def names(self) -> set[str]:
        """The StratagemIds under which something of them may have moved."""
        moved = self.stage.city.moves
        own = {name for one in self.made for name in (*one.rows, _manual(one))}
        return own | {name for name in moved if any(map(partial(self._is_of, name), self.made))}

    def is_overtaken(self, item: Item) -> bool:
        """A credit by hand that broke off, and is refused since: a correction has made it good."""
        names = {row.stratagem_id for row in item.stratagems}
        return item.kind in {Kind.STALLED, Kind.FAILED} and any(
            _manual(one) in names and any(self._moves(one, "cascade_correction_"))
            for one in self.made
        )

    def flaws(self) -> Iterator[str]:
        """Question after question."""
        for one in self.made:
            yield from self._of(one)

    def _of(self, one: Made) -> Iterator[str]:
        item = next((i for i in self.run.result.items if i.name == one.charge), None)
        if item is None:
            yield f"{one.charge} is in nobody's report"
            return
        yield from self._paid_twice(one)
        yield from self._misjudged(one, item)

    def _paid_twice(self, one: Made) -> Iterator[str]:
        got, first = self._right(one), self._first(one)
        most = max(one.ducats, first)
        if one.mistake.by_hand_after and one.mistake.way not in {Way.WRONG, Way.FEW}:
            most += self._by_hand(one)
        # A row that somebody at Venice doubled is nobody's decision.
        if got > most + _SMALL and one.own_key not in self.stage.city.copied:
            yield f"PAID TWICE: {one.intent} of {one.ducats}: {got}, by {self._told(one)}"
        if not one.is_doubtful and one.own_key in self.stage.city.moves:
            yield f"PAID TWICE: a machine has delivered {one.intent}"
        taken = sum((sum(m.debits) for n, m in self._moves(one, "cascade_takeback_")), Decimal(0))
        if -taken > self._surplus(one) + _SMALL:
            yield f"TAKEN TWICE: {one.intent}: {-taken}, by {self._told(one)}"

    def _misjudged(self, one: Made, item: Item) -> Iterator[str]:
        decision = self.decisions.get(one.intent)
        # A credit by hand may be for this payment, or a gift.
        kept = (self._right(one), self._right(one) - self._by_hand(one))
        is_right = any(abs(ducats - one.ducats) <= _SMALL for ducats in kept)
        is_even = is_right and self._wrong(one) <= _SMALL
        if item.kind is Kind.SETTLED and not is_even:
            yield f"{one.intent} is settled, and {self._told(one)}"
        is_accepted = decision is not None and decision.how is How.ACCEPT
        # It bears the time at which looking began; a long reading may show what happened since.
        seen = {row.record for row in decision.facts.rows} if decision else set()
        relapse = one.rows.get(f"older_again_{one.intent}")
        has_changed = bool(
            decision and one.relapsed_at and one.relapsed_at > decision.at and relapse not in seen
        )
        if is_accepted and has_changed and not item.is_open:
            yield f"{one.intent} was accepted before it changed, and is not open again"
        has_changed = has_changed or bool(decision and self._is_touched(one, decision.at))
        if is_accepted and not has_changed and item.is_open:
            yield f"{one.intent} was accepted and is open: {item.reopened or item.verdict}"

    def _moves(self, one: Made, prefix: str = "") -> Iterator[tuple[str, Any]]:
        for name, moves in self.stage.city.moves.items():
            if name.startswith(prefix) and (name in one.rows or self._is_of(name, one)):
                yield name, moves
        if not prefix and _manual(one) in self.stage.city.moves:
            yield _manual(one), self.stage.city.moves[_manual(one)]

    def _is_touched(self, one: Made, since: datetime) -> bool:
        """The engine has done something about it since then, or passes over what corrects it."""
        told = (
            what.rpartition(" ")[2]
            for at, who, what in self.stage.chronicle.lines
            if who == "engine" and at > since
        )
        named = any(name in {*one.rows, one.own_key} or self._is_of(name, one) for name in told)
        return named or self._has_lapsed(one, since)

    def _has_lapsed(self, one: Made, since: datetime) -> bool:
        """A correction has run out since then."""
        ends = (
            datetime.fromisoformat(row["fields"]["ExpiresAt"])
            for row in self._rows
            if row["fields"]["StratagemId"].startswith(f"cascade_correction_{one.intent}")
        )
        return any(since < end <= self.stage.scheduler.now() for end in ends)

    def _is_of(self, name: str, one: Made) -> bool:
        """A correction, or what takes back any transfer of it, also a credit by hand."""
        correction = f"cascade_correction_{one.intent}"
        if name.startswith(correction):
            return True
        return any(
            name.startswith(f"cascade_takeback_{row['id']}")
            for row in self._rows
            if row["fields"]["StratagemId"] in {*one.rows, _manual(one)}
            or row["fields"]["StratagemId"].startswith(correction)
        )

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return self.stage.city.rows()

    def _right(self, one: Made) -> Decimal:
        return self._net(one, one.mistake.citizen)

    def _wrong(self, one: Made) -> Decimal:
        return self._net(one, one.mistake.other)

    def _net(self, one: Made, citizen: str) -> Decimal:
        found = (c for _, moves in self._moves(one) for c in moves.credits)
        return sum((ducats for name, ducats in found if name == citizen), Decimal(0))

    def _by_hand(self, one: Made) -> Decimal:
        moves = self.stage.city.moves.get(_manual(one))
        return sum((ducats for _, ducats in moves.credits), Decimal(0)) if moves else Decimal(0)

    def _first(self, one: Made) -> Decimal:
        """What the older set-up gave to the right citizen."""
        deals = _deals(one.mistake)
        return sum((d for c, d, moved in deals if moved and c == one.mistake.citizen), Decimal(0))

    def _surplus(self, one: Made) -> Decimal:
        wrong = sum((d for c, d, _ in _deals(one.mistake) if c == one.mistake.other), Decimal(0))
        relapse = Decimal(7) if one.relapsed_at else Decimal(0)
        # A credit by hand that was taken for this payment may be too much as well.
        beyond = max(self._first(one) - one.ducats, Decimal(0)) + self._by_hand(one)
        return wrong + relapse + beyond + self._doubled(one)

    def _doubled(self, one: Made) -> Decimal:
        """What went out by rows that somebody at Venice doubled."""
        moved = [self.stage.city.moves[n] for n in self.stage.city.copied & one.rows.keys()]
        return sum((ducats for moves in moved for _, ducats in moves.credits[1:]), Decimal(0))

    def _told(self, one: Made) -> str:
        return ", ".join(f"{name}: {moves}" for name, moves in self._moves(one))


def _manual(one: Made) -> str:
    return f"cascade_manual_{one.reference}"
