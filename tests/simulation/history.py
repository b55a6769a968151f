"""One whole history: everybody at work at once, and then the peace after it."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable
from functools import partial
from random import Random
from unittest.mock import patch

from cascade_cli.domain.kinds import Kind
from cascade_cli.services import reconcile
from cascade_cli.services.reconcile import Run
from tests.simulation.happenings import Happenings, by_hand
from tests.simulation.plan import ManualCredit, Plan
from tests.simulation.shop import Alter, Shop
from tests.simulation.stage import Stage
from tests.simulation.workshop import Workshop

ROUNDS = 12
DAY_SECONDS = 25 * 3600.0
_A_WHILE_SECONDS = 600.0


class History:
    """The world of one seed, from its plan to its rest."""

    def __init__(
        self, seed: int, plan: Plan, random: Random, workshop: Workshop, alter: Alter
    ) -> None:
        # tenacity's jitter comes from the module's own generator.
        random_module.seed(seed)
        self.stage = Stage(plan, random, workshop, alter)
        self._happenings = Happenings(self.stage)
        self._unfinished: list[ManualCredit] = list(plan.credits)
        self._runs: list[Run] = []

    @property
    def charges(self) -> list[str]:
        """The ids of all charges that were made."""
        return self._happenings.payments

    def run(self) -> Run:
        """Play everything; returns what `cascade reconcile` says in the end."""
        self.stage.settle()
        # Threads of its own would run beside the baton.
        with patch.object(reconcile, "side_by_side", self._one_after_the_other):
            self._happenings.schedule()
            self.stage.scheduler.run()
            self._come_to_rest()
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
        self._happenings.grant()
        for _ in range(ROUNDS):
            self._one_more_day()
            if not self._unfinished and _is_at_rest(self._runs[-1]):
                return

    def _one_more_day(self) -> None:
        start, at = self.stage.start, self.stage.scheduler.at
        for credit in self._unfinished:
            finish = partial(self._finish, credit)
            at(DAY_SECONDS, partial(start, credit.name, finish, 0))
        at(DAY_SECONDS + _A_WHILE_SECONDS, partial(start, "rest", self._repair, 0))
        self.stage.scheduler.run()
        self.stage.engine.run(step_seconds=0.1)
        self.stage.scheduler.run()

    def _finish(self, credit: ManualCredit, shop: Shop) -> bool:
        if by_hand(credit)(shop):
            self._unfinished.remove(credit)
        return True

    def _repair(self, shop: Shop) -> bool:
        self._runs.append(shop.reconcile())
        return shop.repair_found(self._runs[-1])


def _is_at_rest(run: Run) -> bool:
    """No engine run and no machine would change anything any more."""
    waiting = any(item.kind is Kind.IN_FLIGHT for item in run.result.items)
    return not waiting and not any(i.repair and i.repair.automatic for i in run.result.items)
