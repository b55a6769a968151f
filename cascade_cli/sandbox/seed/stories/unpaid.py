"""Transfers and charges that do not come from a sale."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.seed.transfers import KEYED_LIFE, LEGACY_LIFE
from cascade_cli.sandbox.seed.world import OPERATORS, World
from cascade_cli.sandbox.stripe.ids import draw

_DAY = timedelta(days=1)
_REASONS = ("Lottery prize", "Compensation for the outage of Tuesday", "Translator's fee")
_OTHER_TYPES = ("undercut", "marketplace_gossip", "hoard_resource", "political_campaign")
_WARES = ("Carnival mask", "Print of the Rialto", "Monthly newsletter, supporter")


def transfer_nobody_paid_for(world: World) -> str:
    """Somebody called the legacy connector by hand to try it out."""
    order = world.order()
    run = world.random.choice(world.window.daytime_runs())
    at = run - timedelta(seconds=world.random.randrange(60, 280))
    payee, ducats = order.citizen.username, order.item.ducats
    world.transfers.execute(world.transfers.legacy(payee, ducats, at))
    return "orphan"


def payment_of_another_account(world: World) -> str:
    """The stratagem names a payment that this Stripe account has never seen."""
    order = world.order()
    payment = {"payment_intent": draw(world.random, "pi_3"), "id": draw(world.random, "ch_3")}
    by = {"operator": world.random.choice(OPERATORS)}
    row = world.transfers.keyed(
        payment, order.citizen.username, order.item.ducats, _any_time(world), by
    )
    world.transfers.execute(row)
    return "orphan"


def manual_credit(world: World) -> None:
    """An operator credited ducats by hand and gave a reason."""
    order, at = world.order(), _any_time(world)
    reference = f"{at:%Y%m%d}-{world.random.randrange(10**6):06}"
    notes = {
        "source": "cascade",
        "amount": order.item.ducats,
        "reason": world.random.choice(_REASONS),
        "operator": world.random.choice(OPERATORS[1:]),
        "reference": reference,
        "created_at": at.isoformat(),
    }
    name = f"cascade_manual_{reference}"
    row = world.transfers.order(name, order.citizen.username, notes, at, life=KEYED_LIFE)
    world.transfers.execute(row)


def settled_across_the_beginning(world: World) -> None:
    """Paid for before the window, credited within it."""
    sale = world.pay(world.order(), world.window.since - timedelta(hours=5))
    row = world.credit(sale, at=world.by_hand_after(world.window.opening))
    world.transfers.execute(row)


def another_product(world: World) -> None:
    """The account sells other things as well."""
    world.account.pay(
        amount=world.random.choice((500, 1999, 4500)),
        currency="usd",
        metadata={"order_id": str(world.random.randrange(10_000, 99_999))},
        at=_any_time(world),
        description=world.random.choice(_WARES),
    )


def declined(world: World) -> None:
    """The bank declined the card: there is a charge, but no money."""
    card = world.random.choice(("chargeDeclined", "chargeDeclinedInsufficientFunds"))
    _pay_without_sale(world, payment_method=f"pm_card_{card}")


def only_authorised(world: World) -> None:
    """The payment was authorised but never captured."""
    _pay_without_sale(world, capture=False)


def refunded_before_delivery(world: World) -> None:
    """All of the money went back before anything was credited, so nothing is owed."""
    charge = _pay_without_sale(world)
    at = datetime.fromtimestamp(charge["created"], world.window.until.tzinfo)
    world.account.refund(charge["id"], at=at + timedelta(minutes=world.random.randrange(5, 90)))


def another_stratagem(world: World) -> None:
    """A citizen's stratagem of another type, which moves no ducats."""
    at, plotter = _any_time(world), world.anybody_but()
    kind = world.random.choice(_OTHER_TYPES)
    world.transfers.order(
        f"{kind}_{plotter}_{int(at.timestamp())}",
        world.anybody_but(plotter),
        {"initial_notes": ""},
        at,
        life=7 * _DAY,
        payer=plotter,
        Type=kind,
        Variant="Standard",
        Name=f"{kind} by {plotter}",
        Description="",
        Status=world.random.choice(("active", "executed", "expired")),
    )


def between_citizens(world: World) -> None:
    """A citizen pays another one, or now and then pays the processor back."""
    run = world.random.choice(world.window.daytime_runs())
    at = run - timedelta(seconds=world.random.randrange(60, 280))
    payer = world.anybody_but()
    payee = world.random.choice((PROCESSOR, *(world.anybody_but(payer) for _ in range(3))))
    notes = {
        "initial_notes": "",
        "amount": float(world.random.randrange(5, 40)),
        "reason": world.random.choice(("Rent", "Gift", "Wine")),
        "created_at": at.isoformat(),
    }
    name = f"transfer_ducats_{payer}_{payee}_{int(at.timestamp())}"
    row = world.transfers.order(name, payee, notes, at, life=LEGACY_LIFE, payer=payer)
    world.transfers.execute(row)


def _pay_without_sale(world: World, **terms: Any) -> dict[str, Any]:
    order = world.order()
    before = world.window.last_run - timedelta(minutes=12)
    return world.account.pay(
        amount=order.item.cents,
        currency="usd",
        metadata=order.metadata,
        at=world.window.purchase(world.random, order.citizen.zone, before),
        **terms,
    )


def _any_time(world: World) -> datetime:
    return world.by_hand_after(world.window.opening)
