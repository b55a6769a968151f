"""What the proofs start and kill: cascade itself, unchanged, under a clock that may be ahead.

Nobody wants to wait two minutes at each of some hundred restarts until the fate of a killed write
is settled. So a restarted process may see a clock that is ahead, by more than the bound, and the
served sandbox sees the same: a file says how many seconds. That is what an operator sees who comes
back later; neither the bound nor anything else of cascade is touched. It is honest, because the
writes that a killed process has sent are over by then: all of them are on this machine, and the
sandbox answers within its latency.

    python -m tests.processes.worker --clock ahead.txt -- credit --file gifts.csv --yes
    python -m tests.processes.worker --credit gifts.csv --seed 3
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import time_machine

from cascade_cli.backend import credit_ducats_sync
from cascade_cli.cli.app import run
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.records.orders import order_for_charge
from cascade_cli.wiring.writing import write_context

MOST_AT_ONCE = 20
_BETWEEN_TRIES_SECONDS = 0.02
# Far less than a process takes to start.
_CLOCK_SECONDS = 0.02


class Payment(NamedTuple):
    """One line of the file that is raced for."""

    citizen: str
    ducats: str
    intent: str


def main(arguments: Sequence[str]) -> int:
    """Run one command line ahead of time, or race for a file's payments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clock", type=Path, help="a file: how many seconds the clock is ahead")
    parser.add_argument("--credit", type=Path, help="CSV of citizen, ducats, payment intent")
    parser.add_argument("--alone", action="store_true", help="one by one, by credit_ducats_sync")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("words", nargs="*", help="a command line of cascade")
    chosen = parser.parse_args(arguments)
    if chosen.credit:
        chance = random.Random(chosen.seed)  # noqa: S311
        return race(chosen.credit, chance, alone=chosen.alone)
    with _ahead(chosen.clock) if chosen.clock else nullcontext():
        return run(chosen.words)


@contextmanager
def _ahead(file: Path) -> Iterator[None]:
    """A clock that is as far ahead as the file says, now and whenever it says more."""
    seconds = _seconds(file)
    begin = datetime.now(UTC) + timedelta(seconds=seconds)
    with time_machine.travel(begin, tick=True) as traveller:
        follow = threading.Thread(target=_follow, args=(file, seconds, traveller), daemon=True)
        follow.start()
        yield


def _follow(file: Path, seconds: float, traveller: time_machine.Traveller) -> None:
    while True:
        if (more := _seconds(file)) > seconds:
            traveller.shift(more - seconds)
            seconds = more
        time.sleep(_CLOCK_SECONDS)


def _seconds(file: Path) -> float:
    return float(file.read_text(encoding="ascii"))


def race(file: Path, chance: random.Random, *, alone: bool) -> int:
    """Credit every payment of the file, in an order of its own, until all are.

    One by one through credit_ducats_sync, or some at a time as commands do. Ends with 1, and says
    why, if one is refused for good.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        pending = [Payment(*line) for line in csv.reader(lines)]
    chance.shuffle(pending)
    with nullcontext(_credit_one) if alone else _crediting_some() as credit:
        while pending:
            some = 1 if alone else chance.randint(1, MOST_AT_ONCE)
            batch, pending = pending[:some], pending[some:]
            pending += credit(batch)
            time.sleep(_BETWEEN_TRIES_SECONDS)
    return 0


def _credit_one(payments: Sequence[Payment]) -> list[Payment]:
    """What has to be tried again."""
    (payment,) = payments
    answer = credit_ducats_sync(*payment[:2], payment_intent=payment.intent)
    if not answer["success"] and not answer["retry"]:
        raise SystemExit(f"{payment.intent}: {answer['error']}")
    return [] if answer["success"] else [payment]


@contextmanager
def _crediting_some() -> Iterator[Callable[[Sequence[Payment]], list[Payment]]]:
    with write_context(Session(quiet=True), "race", lock=False) as context:
        context.begin()
        service, stripe = context.writing.service, context.reading.payments

        def credit(payments: Sequence[Payment]) -> list[Payment]:
            charges = [stripe.payment(payment.intent) for payment in payments]
            orders = [order_for_charge(c, "race", context.facts()) for c in charges if c]
            deliveries = service.carry_out(service.plan(orders))
            return [p for p, d in zip(payments, deliveries, strict=True) if _has_to_wait(d)]

        yield credit


def _has_to_wait(delivery: Delivery) -> bool:
    if delivery.result in {Result.CREDITED, Result.ALREADY}:
        return False
    if delivery.result in {Result.BUSY, Result.FAILED, Result.UNFINISHED}:
        return True
    raise SystemExit(f"{delivery.order.key}: {delivery.why}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
