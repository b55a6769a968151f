"""Sales that no machine may deliver: too little was paid, nobody knows the currency, or the ducats
are for whoever pays them out."""

from __future__ import annotations

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.seed.prices import custom
from cascade_cli.sandbox.seed.world import World


def half_a_dollar(world: World) -> str:
    """The price was changed in the browser, and nobody credited it yet."""
    world.sell(world.order(item=custom(world.random.randrange(2500, 9500))), cents=50)
    return "underpaid"


def at_a_rate_of_its_own(world: World) -> str:
    """The metadata names the rate at which the price would be right."""
    ducats = world.random.randrange(2500, 9500)
    rate = f"{0.5 / ducats:.8f}"
    world.sell(world.order(item=custom(ducats)), cents=50, exchange_rate=rate)
    return "underpaid"


def in_dongs(world: World) -> str:
    """A currency in which the shop sells nothing."""
    world.sell(world.order(item=custom(10_000)), cents=13_000, currency="vnd")
    return "underpaid"


def for_the_processor(world: World) -> str:
    """Venice's engine would mint the ducats."""
    world.sell(citizen_id=PROCESSOR)
    return "unattributable"
