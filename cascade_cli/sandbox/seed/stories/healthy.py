"""Payments whose ducats have arrived or are still on time."""

from __future__ import annotations

from datetime import timedelta

from cascade_cli.sandbox.seed.world import World


def ordinary(world: World) -> str:
    """Paid at any time, and delivered by the next run unless that is still to come."""
    order = world.order(alone=False)
    window = world.window
    sale = world.pay(
        order, window.purchase(world.random, order.citizen.zone, window.ordinary_until)
    )
    row = world.credit(sale)
    if row.created_at >= window.last_run:
        return "in_flight"
    world.transfers.execute(row)
    return "settled"


def replayed(world: World) -> str:
    """The webhook was down; hours later an operator credited it by replaying the event."""
    sale = world.sell()
    world.transfers.execute(world.credit(sale, at=world.by_hand_after(sale.at)))
    return "settled"


def lucky_legacy_row(world: World) -> str:
    """The legacy connector happened to write its row within the five minutes before a run."""
    sale = world.sell_before_a_run()
    world.transfers.execute(world.credit_as_before(sale))
    return "settled"


def legacy_row_run_by_hand(world: World) -> str:
    """The legacy connector's row had expired; somebody had the engine run it by its id."""
    sale = world.sell()
    row = world.credit_as_before(sale, notified=True)
    wait = timedelta(minutes=world.random.randrange(8, 12))
    world.transfers.execute(row, at=row.created_at + wait)
    return "settled"


def just_paid(world: World) -> str:
    """Paid a few minutes ago; nothing has been written in Venice yet."""
    at = world.window.until - timedelta(seconds=world.random.randrange(20, 300))
    world.pay(world.order(), at)
    return "in_flight"


def awaiting_the_next_run(world: World) -> str:
    """Credited since the last run, with a row that is valid for three days."""
    world.credit(world.sell_fresh())
    return "in_flight"
