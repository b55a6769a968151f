"""Whatever three workers do in whatever order, a key has one holder, and only it may send."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade_cli.adapters.journal import ClaimLostError, Journal
from cascade_cli.domain.records.journal_entries import ClaimState, Worker
from tests.adapters.journal.shared_journal import HERE, LEASE, SharedJournal, claim, intent

DEEDS = st.sampled_from(["claim", "claim", "attempt", "release", "die", "wait"])
STEPS = st.lists(st.tuples(st.integers(0, 2), DEEDS, st.integers(0, 200)), max_size=15)


@dataclass
class Model:
    """What must be true of one key."""

    key: str
    holder: int | None = None
    until: float = 0.0
    dead: frozenset[int] = frozenset()

    def is_free_for(self, worker: int, at: float) -> bool:
        gone = self.holder is None or self.holder in self.dead or self.until <= at
        return gone or self.holder == worker

    def hold(self, worker: int, at: float) -> None:
        self.holder, self.until = worker, at + LEASE.total_seconds()


def step(model: Model, journal: Journal, worker: int, deed: str, at: float) -> None:
    if deed == "claim":
        free = model.is_free_for(worker, at)
        assert claim(journal, intent(model.key)).state is (
            ClaimState.HELD if free else ClaimState.BUSY
        )
        if free:
            model.hold(worker, at)
    elif deed == "attempt":
        may_send = model.holder == worker and model.until > at
        assert is_sent(journal, model.key) is may_send
        if may_send:
            model.hold(worker, at)
    elif deed == "release":
        journal.release([model.key])
        model.holder = None if model.holder == worker else model.holder


def is_sent(journal: Journal, key: str) -> bool:
    try:
        journal.attempt([key], "create", lease=LEASE)
    except ClaimLostError:
        return False
    return True


def test_any_interleaving_of_three_workers_agrees_with_the_model(shared: SharedJournal) -> None:
    workers = [Worker(f"run-{n}", HERE, 200 + n, f"op-{n}", "cascade credit") for n in range(3)]
    journals = [shared.journal(worker) for worker in workers]
    start, keys = shared.clock.moment, itertools.count()

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(STEPS)
    def holds(steps: list[tuple[int, str, int]]) -> None:
        model, at = Model(f"key-{next(keys)}"), 0.0
        shared.dead.clear()
        for worker, deed, seconds in steps:
            if deed == "wait":
                at += seconds
            elif deed == "die":
                model.dead |= {worker}
                shared.dead.add(200 + worker)
            elif worker not in model.dead:
                shared.clock.moment = start + timedelta(seconds=at)
                step(model, journals[worker], worker, deed, at)

    holds()
    assert journals[0].verify().is_intact
