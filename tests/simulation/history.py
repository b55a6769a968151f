"""One whole history: everybody at work at once, and then the peace after it."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable, Mapping, Set
from decimal import Decimal
from functools import partial
from random import Random
from unittest.mock import patch

from cascade_cli import concurrency
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.stratagems import State
from cascade_cli.domain.shop.keys import whole_id
from cascade_cli.services.delivery import deliver
from cascade_cli.services.reconcile import gather
from cascade_cli.services.reconcile.gather import Run
from tests.simulation.happenings import Happenings, by_file, by_hand, take_back, told_of
from tests.simulation.lookalikes import Lookalikes
from tests.simulation.mistakes import Made
from tests.simulation.plan import Payment, Plan
from tests.simulation.shared_parts import SharedParts
from tests.simulation.shop import Alter, Shop
from tests.simulation.stage import Command, Stage
from tests.simulation.threads import VirtualQueue, VirtualThread
from tests.simulation.venice import RETURNS

ROUNDS = 12
DAY_SECONDS = 25 * 3600.0
# Longer than a command waits for a lost write; so short that no row of the first one has expired
# when the engine runs after the last.
_A_WHILE_SECONDS = 300.0
_A_MOMENT_SECONDS = 60.0
# So long cascade is alone with its refunds, where it acts on them by itself.
DAYS_BY_ITSELF = 4
# Several rounds for a few orders, so that threads have something to do.
ORDERS_PER_ROUND = 2


class History:
    """The world of one seed, from its plan to its rest."""

    def __init__(
        self, seed: int, plan: Plan, random: Random, shared_parts: SharedParts, alter: Alter
    ) -> None:
        # tenacity's jitter comes from the module's own generator.
        random_module.seed(seed)
        self.stage = Stage(plan, random, shared_parts, alter)
        self._happenings = Happenings(self.stage)
        self._unfinished: list[tuple[str, Command]] = [(c.name, by_hand(c)) for c in plan.credits]
        if plan.file:
            self._unfinished.append(("file", by_file(plan.file)))
        self._runs: list[Run] = []

    @property
    def charges(self) -> list[str]:
        """The ids of all charges that were made."""
        return self._happenings.payments

    @property
    def gifts(self) -> Mapping[str, Payment]:
        """By intent, those payments that are gifts."""
        return self._happenings.gifts

    @property
    def sold(self) -> Mapping[str, tuple[str, Decimal]]:
        """By charge, to whom it sold how many ducats."""
        return self._happenings.sold

    @property
    def short(self) -> Mapping[str, Payment]:
        """By charge, those for which too little was paid."""
        return self._happenings.short

    @property
    def halves(self) -> Set[str]:
        """The charges of which each paid a part of an invoice."""
        return self._happenings.halves

    @property
    def another_s(self) -> Set[str]:
        """The charges of another shop."""
        return self._happenings.another_s

    @property
    def lookalikes(self) -> Lookalikes:
        """The rows that are a payment's own, or not, by their likeness alone."""
        return self._happenings.lookalikes

    @property
    def mistakes(self) -> tuple[Made, ...]:
        """What went wrong in an older set-up, and was for people to decide."""
        return tuple(self._happenings.mistakes.made)

    @property
    def hidden(self) -> list[str]:
        """What the nights call covered and have not read."""
        return list(self._happenings.nights.hidden(self._happenings.paid_at))

    def run(self) -> Run:
        """Play everything; returns what `cascade reconcile` says in the end."""
        self.stage.populate()
        # Threads of its own would run beside the baton.
        with (
            patch.object(gather, "both", self._one_after_the_other),
            patch.object(concurrency, "Thread", VirtualThread),
            patch.object(concurrency, "SimpleQueue", VirtualQueue),
            patch.object(deliver, "ORDERS_PER_ROUND", ORDERS_PER_ROUND),
        ):
            self._happenings.schedule()
            self.stage.scheduler.run()
            self._come_to_rest()
            self._list_events()
            return self._runs[-1]

    def close(self) -> None:
        """Let go of the sandbox."""
        self.stage.app.close()

    def _one_after_the_other(
        self, first: Callable[[], object], second: Callable[[], object]
    ) -> tuple[object, object]:
        if self.stage.random.random() < 0.5:
            one = first()
            return one, second()
        other = second()
        return first(), other

    def _come_to_rest(self) -> None:
        """The nightly repair and the engine go on until nothing changes."""
        self.stage.make_peace()
        # A balance that was sent before may still come, and would undo the grant.
        self.stage.scheduler.at(2 * FATE_BOUND.total_seconds(), self._happenings.grant)
        waits_for_people = DAYS_BY_ITSELF if self.stage.plan.refunds_auto else 0
        for number in range(ROUNDS):
            # Ducats that are credited on a day may pay a debt on the next one, and so may those
            # that are left when one debt of several was paid.
            was_finished, had_returned = not self._unfinished, self._returned()
            self._one_more_day(number)
            was_quiet = was_finished and self._returned() == had_returned
            if self.stage.plan.refunds_auto and number + 1 == DAYS_BY_ITSELF:
                self.stage.start("look", self._look_for_forgotten, 0)
                self.stage.scheduler.run()
            # On the first day there may be refunds that nobody has come back to yet.
            is_over = number > waits_for_people and self._runs and was_quiet
            if is_over and _is_at_rest(self._runs[-1]):
                return
        if not self._runs:
            self.stage.flaws.append("no repair ever got the run lock")
            self.stage.start("look", self._look, 0)
            self.stage.scheduler.run()

    def _returned(self) -> int:
        """How many transfers have brought ducats back so far, or given them again."""
        moves = self.stage.city.moves.items()
        return sum(len(made.credits) for name, made in moves if name.startswith(RETURNS))

    def _one_more_day(self, day: int) -> None:
        start, at = self.stage.start, self.stage.scheduler.at
        # Refunds are for people, who come back to them day after day; where cascade acts on them by
        # itself, Stripe tells of them again, and people come later, for the debts.
        by_itself = self.stage.plan.refunds_auto and day < DAYS_BY_ITSELF
        for number, intent in enumerate(self._happenings.refunded):
            moment = DAY_SECONDS + number * _A_WHILE_SECONDS
            again = [told_of(body) for body in self._happenings.tidings[intent]]
            for command in again if by_itself else [take_back(intent)]:
                at(moment, partial(start, "refund", command, 0))
        if self._happenings.refunded:
            self._engine_runs()
        soon = DAY_SECONDS
        for name, command in self._happenings.mistakes.again():
            at(soon, partial(start, name, command, 0))
            # All of them before the engine runs: what they prolong may not last half an hour.
            soon += _A_MOMENT_SECONDS
        for name, command in self._unfinished:
            finish = partial(self._finish, name, command)
            at(soon, partial(start, name, finish, 0))
            soon += _A_WHILE_SECONDS
        at(soon, partial(start, "rest", self._repair, 0))
        self.stage.scheduler.run()
        self._look_for_surplus()
        self._engine_runs()

    def _engine_runs(self) -> None:
        """When the commands have ended: no row of theirs expires before."""
        self.stage.scheduler.run()
        self.stage.engine.run(step_seconds=0.1)
        self.stage.scheduler.run()

    def _look_for_surplus(self) -> None:
        """A repair in peace leaves the engine one row of each payment."""
        names = self.stage.city.active(self.stage.scheduler.now())
        for name in {name for name in names if names.count(name) > 1}:
            self.stage.flaws.append(f"{name} has several live rows after a repair")

    def _finish(self, name: str, command: Command, shop: Shop) -> bool:
        if command(shop):
            self._unfinished = [it for it in self._unfinished if it[0] != name]
        return True

    def _look_for_forgotten(self, shop: Shop) -> bool:
        """What went back and was not taken is a recorded debt, or needs a person: cascade knew.

        Only of what people at Venice ran later no event tells.
        """
        known = {str(body["payment"]) for body in shop.decisions().values()}
        now = self.stage.scheduler.now()
        for item in shop.reconcile().result.items:
            if item.kind is not Kind.REFUNDED or item.charge is None:
                continue
            payment = item.charge.payment_id
            told = payment in known or shop.needs_person(whole_id(payment))
            # Written in time, and the engine did not come in its lifetime: reconcile says so.
            missed = any(row.returns and row.state(now) is State.STALLED for row in item.rows)
            names = {row.stratagem_id for row in item.rows}
            if not told and not missed and not names & self._happenings.run_by_hand:
                self.stage.flaws.append(f"FORGOTTEN: {payment}: {item.verdict}")
        return True

    def _list_events(self) -> None:
        """In the end, so that it shifts nothing."""
        listed = set[str]()

        def listing(shop: Shop) -> bool:
            listed.update(event.id for event in shop.all_events())
            return True

        if self.stage.plan.strange:
            self.stage.start("events", listing, 0)
            self.stage.scheduler.run()
            self.stage.flaws += self._happenings.strange.missing(listed)

    def _look(self, shop: Shop) -> bool:
        self._runs.append(shop.reconcile())
        return True

    def _repair(self, shop: Shop) -> bool:
        with shop.lock():
            self._runs.append(shop.reconcile())
            return shop.repair_found(self._runs[-1])


def _is_at_rest(run: Run) -> bool:
    """No engine run and no machine would change anything any more."""
    waiting = any(item.kind is Kind.IN_FLIGHT for item in run.result.items)
    return not waiting and not any(i.repair and i.repair.automatic for i in run.result.items)
