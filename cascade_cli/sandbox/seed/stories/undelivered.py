"""Payments without ducats: no row was written, the engine will skip it, or it failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cascade_cli.sandbox.seed.citizens import PROCESSOR, misspelt
from cascade_cli.sandbox.seed.prices import odd_item
from cascade_cli.sandbox.seed.world import Order, Sale, World
from cascade_cli.sandbox.venice.transfer import read_terms


def swallowed_by_the_webhook(world: World) -> str:
    """Crediting failed, the legacy webhook answered 200 anyway, and Stripe never retried."""
    world.sell()
    return "missing"


def expired_unseen(world: World) -> str:
    """The legacy connector's row expired before any run; its notice was refused."""
    world.credit_as_before(world.sell())
    return "stalled"


def expired_unseen_but_announced(world: World) -> str:
    """The legacy row expired before any run, but its notice said that the ducats had arrived."""
    world.credit_as_before(world.sell(), notified=True)
    return "stalled"


def never_activated(world: World) -> str:
    """The writer died between planning the stratagem and activating it."""
    world.credit(world.sell(), Status="planned")
    return "stalled"


def set_to_expired(world: World) -> str:
    """A clean-up job marked the row as expired before its run."""
    row = world.credit(world.sell())
    world.transfers.change(row, world.before_its_run(row), Status="expired")
    return "stalled"


def cancelled(world: World) -> str:
    """Somebody cancelled the row by hand, and nobody refunded the payment."""
    row = world.credit(world.sell())
    world.transfers.change(row, world.before_its_run(row), Status="cancelled")
    return "stalled"


def written_as_python(world: World) -> str:
    """A script wrote Notes with str() instead of json.dumps()."""
    row = world.credit(world.sell())
    notes = row.notes.replace('"', "'")
    row = world.transfers.change(row, row.created_at + timedelta(seconds=2), Notes=notes)
    try:
        read_terms(notes)
    except ValueError as error:
        world.transfers.fail(row, f"Failed to parse transfer details: {error}")
    return "failed"


def amount_under_another_name(world: World) -> str:
    """Notes called the amount `ducats`; the engine looks for `amount` and finds none."""
    row = world.credit(world.sell())
    notes = row.notes.replace('"amount"', '"ducats"')
    row = world.transfers.change(row, row.created_at + timedelta(seconds=2), Notes=notes)
    world.transfers.fail(row, "Missing required fields or invalid amount.")
    return "failed"


def processor_missing(world: World) -> str:
    """The processor's row was being renamed while the engine ran."""
    world.transfers.fail(world.credit(world.sell()), f"Sender {PROCESSOR} not found.")
    return "failed"


def processor_empty(world: World) -> str:
    """The processor had too few ducats at the time; it was replenished later."""
    row = world.credit(world.sell())
    amount = read_terms(row.notes).amount
    funds = amount * world.random.uniform(0.05, 0.95)
    world.transfers.fail(row, f"Insufficient funds: {funds} < {amount}")
    return "failed"


def paid_before_arriving(world: World) -> str:
    """The citizen arrived in Venice only after the engine had looked for them."""
    newcomer = world.newcomer()
    sale = world.sell(Order(newcomer, odd_item(world.random)))
    window = world.window
    failed_at = world.transfers.fail(world.credit(sale), f"Receiver {sale.citizen} not found.")
    world.move_in(newcomer, failed_at + (window.until - failed_at) / 3)
    return "failed"


def misspelt_citizen(world: World) -> str:
    """The buyer mistyped their own name; the legacy connector found nobody and wrote nothing."""
    _sell_to_a_misspelt_name(world)
    return "unknown_citizen"


def misspelt_citizen_credited(world: World) -> str:
    """The buyer mistyped their name; a stratagem was written, but the engine found no payee."""
    sale = _sell_to_a_misspelt_name(world)
    world.transfers.fail(world.credit(sale), f"Receiver {sale.citizen} not found.")
    return "unknown_citizen"


def _sell_to_a_misspelt_name(world: World) -> Sale:
    meant = world.order()
    name = meant.citizen.username
    while world.is_known(name):
        name = misspelt(world.random, meant.citizen.username)
    return world.sell(replace(meant, citizen=replace(meant.citizen, username=name)))
