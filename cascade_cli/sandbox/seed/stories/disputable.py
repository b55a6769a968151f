"""Sales whose money or buyer is in question: underpaid, refunded, disputed, unattributable."""

from __future__ import annotations

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.seed.prices import custom
from cascade_cli.sandbox.seed.world import Sale, World


def paid_too_little(world: World) -> str:
    """The price was changed in the browser, and the API believed it."""
    ducats = world.random.randrange(2500, 9500)
    cents = int(custom(ducats).cents * world.random.uniform(0.05, 0.6))
    sale = world.sell(world.order(item=custom(ducats)), cents=cents)
    world.transfers.execute(world.credit(sale))
    return "underpaid"


def without_citizen(world: World) -> str:
    """The buyer was not logged in, so the metadata names no citizen."""
    world.sell(citizen_id=None)
    return "unattributable"


def without_ducats(world: World) -> str:
    """The metadata lacks the amount."""
    world.sell(ducat_amount=None)
    return "unattributable"


def not_a_number(world: World) -> str:
    """The page divided by a missing rate, and JavaScript wrote NaN."""
    world.sell(ducat_amount="NaN")
    return "unattributable"


def not_numeric(world: World) -> str:
    """Somebody tried the API by hand, with a word for the amount."""
    world.sell(ducat_amount="abc")
    return "unattributable"


def refunded_in_part(world: World) -> str:
    """Support gave some of the money back after delivery."""
    sale = _delivered(world)
    world.account.refund(
        sale.charge["id"],
        at=world.later(world.window.last_run),
        amount=max(1, int(sale.charge["amount"] * world.random.uniform(0.2, 0.8))),
        reason="requested_by_customer",
    )
    return "refunded"


def refunded_whole(world: World) -> str:
    """Support gave all of the money back after delivery; the ducats stayed."""
    sale = _delivered(world)
    at = world.later(world.window.last_run)
    world.account.refund(sale.charge["id"], at=at, reason="requested_by_customer")
    return "refunded"


def contested(world: World) -> str:
    """The cardholder's bank asks for the money back after delivery."""
    sale = _delivered(world)
    world.account.dispute(sale.charge["id"], at=world.later(world.window.last_run))
    return "disputed"


def _delivered(world: World) -> Sale:
    sale = world.sell()
    world.transfers.execute(world.credit(sale))
    return sale


def half_a_dollar(world: World) -> str:
    """The price was changed in the browser to half a dollar; nothing has been credited yet."""
    world.sell(world.order(item=custom(world.random.randrange(2500, 9500))), cents=50)
    return "underpaid"


def at_a_rate_of_its_own(world: World) -> str:
    """The price was changed, and the metadata names the rate that would make it right."""
    ducats = world.random.randrange(2500, 9500)
    rate = f"{0.5 / ducats:.8f}"
    world.sell(world.order(item=custom(ducats)), cents=50, exchange_rate=rate)
    return "underpaid"


def in_dongs(world: World) -> str:
    """The buyer paid in a currency in which the shop does not sell."""
    world.sell(world.order(item=custom(10_000)), cents=13_000, currency="vnd")
    return "underpaid"


def for_the_processor(world: World) -> str:
    """The buyer named is the processor: paying itself, it would make ducats out of nothing."""
    world.sell(citizen_id=PROCESSOR)
    return "unattributable"
