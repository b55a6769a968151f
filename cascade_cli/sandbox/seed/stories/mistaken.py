"""Transfers that went wrong: doubtful, the wrong amount, the wrong citizen, or twice."""

from __future__ import annotations

from datetime import timedelta

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.seed.prices import with_bonus
from cascade_cli.sandbox.seed.world import World
from cascade_cli.sandbox.venice.transfer import OUTSIDE_FAILURE

_LOST_ANSWERS = (
    "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
    "HTTPSConnectionPool(host='api.airtable.com', port=443): Read timed out. (read timeout=None)",
    "503 Server Error: Service Unavailable for url: https://api.airtable.com/v0/CITIZENS",
)


def lost_before_any_balance(world: World) -> str:
    """Airtable failed before the first balance was written; the error text does not say so."""
    _lose_answer(world, debited=False, credited=False)
    return "doubtful"


def lost_between_balances(world: World) -> str:
    """The processor was debited, but the citizen was not credited."""
    _lose_answer(world, debited=True, credited=False)
    return "doubtful"


def lost_after_both_balances(world: World) -> str:
    """The ducats moved; only the stratagem's status could not be written."""
    _lose_answer(world, debited=True, credited=True)
    return "doubtful"


def ended_in_error(world: World) -> str:
    """The engine's transfer code did not catch an exception."""
    row = world.credit(world.sell())
    world.transfers.break_off(row, "error", f"Exception: {world.random.choice(_LOST_ANSWERS)}")
    return "doubtful"


def failed_without_a_reason(world: World) -> str:
    """The engine found the row still active after a failure, and gave no reason."""
    world.transfers.break_off(world.credit(world.sell()), "failed", OUTSIDE_FAILURE)
    return "doubtful"


def bonus_forgotten(world: World) -> str:
    """A package was paid for, and its ducats were delivered without the bonus."""
    item = with_bonus(world.random)
    sale = world.sell(world.order(item=item))
    world.transfers.execute(world.credit(sale, ducats=item.ducats - item.bonus))
    return "amount_mismatch"


def bonus_about_to_be_forgotten(world: World) -> str:
    """A package was credited without the bonus; the engine has not executed the row yet."""
    item = with_bonus(world.random)
    sale = world.sell_fresh(world.order(item=item))
    world.credit(sale, ducats=item.ducats - item.bonus)
    return "amount_mismatch"


def slipped_digit(world: World) -> str:
    """An operator credited by hand and typed one zero too many."""
    sale = world.sell()
    row = world.credit(sale, at=world.by_hand_after(sale.at), ducats=sale.ducats * 10)
    world.transfers.execute(row)
    return "amount_mismatch"


def another_citizen(world: World) -> str:
    """The ducats went to the citizen on the next line of a list."""
    sale = world.sell()
    payee = world.anybody_but(sale.citizen)
    world.transfers.execute(world.credit(sale, TargetCitizen=payee))
    return "wrong_citizen"


def webhook_delivered_twice(world: World) -> str:
    """Stripe delivered the event again, and the legacy connector credited it again."""
    sale = world.sell_before_a_run()
    first = world.credit_as_before(sale)
    again = first.created_at + timedelta(seconds=world.random.randrange(5, 100))
    second = world.transfers.legacy(sale.citizen, sale.ducats, again)
    world.transfers.execute(first)
    world.transfers.execute(second)
    return "duplicate"


def credited_by_old_and_new(world: World) -> str:
    """The legacy connector's row was executed, and a replay credited the payment once more."""
    sale = world.sell_before_a_run(but_the_last=True)
    first = world.transfers.execute(world.credit_as_before(sale))
    world.transfers.execute(world.credit(sale, at=world.by_hand_after(first)))
    return "duplicate"


def two_writers_at_once(world: World) -> str:
    """Two processes credited it at the same time; Airtable does not enforce unique keys."""
    sale = world.sell_fresh()
    world.credit(sale)
    world.credit(sale)
    return "duplicate"


def _lose_answer(world: World, *, debited: bool, credited: bool) -> None:
    sale = world.sell()
    row = world.credit(sale)
    at = world.transfers.fail(row, f"Processing error: {world.random.choice(_LOST_ANSWERS)}")
    if debited:
        world.transfers.debit(PROCESSOR, sale.ducats, at)
    if credited:
        world.transfers.debit(sale.citizen, -sale.ducats, at)
