"""Gives the sandbox a realistic past: payments at Stripe and their transfers in Venice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from cascade_cli.sandbox.airtable import Tables
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import processor_fields
from cascade_cli.sandbox.seed.scenarios import SCENARIOS, Plan, plan
from cascade_cli.sandbox.seed.window import Window
from cascade_cli.sandbox.seed.world import World
from cascade_cli.sandbox.stripe import StripeAccount

USUAL_CITIZENS = 40
_FEWEST_DAYS = 2
_PAGE_CACHE_KIB = 64 * 1024


@dataclass(frozen=True)
class SeedReport:
    """What `seed` wrote.

    `kinds` counts the charges or transfers of each kind that a reconciliation of [since, until)
    should find. The sandbox does not store these counts.
    """

    scenario: str
    since: datetime
    until: datetime
    citizens: int
    payments: int
    kinds: dict[str, int]


def seed(
    app: SandboxApp,
    *,
    scenario: str = "week",
    payments: int = 200,
    days: int = 7,
    seed: int = 7,
    engine_notices: bool = False,
    until: datetime,
) -> SeedReport:
    """Write `payments` ducat sales in the `days` before `until`, with their transfers.

    The same arguments give the same ids, times and amounts. `engine_notices` gives NOTIFICATIONS
    the layout that Venice's engine writes; without it, the base refuses the engine's notices.
    Raises ValueError, and writes nothing, for an unknown scenario, too few payments or days, or a
    sandbox that is not empty.
    """
    stories = plan(scenario, payments)
    if days < _FEWEST_DAYS:
        raise ValueError(f"a scenario needs at least {_FEWEST_DAYS} days, not {days}")
    window = Window.ending(until.replace(microsecond=0), days)
    source = Random(f"{scenario} {payments} {days} {seed}")
    # Seeded ids must repeat. The app's own ids must not, so they have another source.
    ids = Random(source.random())
    tables = Tables(app.store, app.now, ids)
    # Read the table definitions first: within a transaction they would not be cached.
    tables.catalogue.tables()
    with app.store.write() as connection:
        # A transaction that outgrows SQLite's page cache writes its pages twice.
        connection.execute(f"PRAGMA cache_size = -{_PAGE_CACHE_KIB}")
        if is_used(app):
            raise ValueError("the sandbox holds data already; reset it before seeding it")
        if engine_notices:
            tables.use_legacy_notifications()
        world = World(StripeAccount(app.store, ids), tables, window, source, _population(stories))
        _tell(world, stories)
        connection.execute(
            "INSERT INTO sandbox_seeding VALUES (?, ?)", (scenario, until.isoformat())
        )
    count = payments if stories else 0
    return SeedReport(scenario, window.since, until, len(world.citizens), count, dict(world.kinds))


def seed_once(app: SandboxApp, *, until: datetime, scenario: str = "week") -> SeedReport | None:
    """Seed a sandbox that was never used; leave any other alone and return None."""
    if is_used(app):
        return None
    with app.store.write():
        # Look again: another process may have seeded it before this transaction began.
        return None if is_used(app) else seed(app, scenario=scenario, until=until)


def is_used(app: SandboxApp) -> bool:
    """Whether the sandbox was seeded, or holds a Stripe object or a citizen."""
    with app.store.read() as connection:
        seeded = connection.execute("SELECT 1 FROM sandbox_seeding").fetchone()
        charged = connection.execute("SELECT 1 FROM stripe_objects").fetchone()
    return bool(seeded or charged or app.airtable.tables.select("CITIZENS"))


def _tell(world: World, stories: Plan) -> None:
    founded = world.window.since - timedelta(days=400)
    world.transfers.open_account(processor_fields(founded), founded)
    world.populate()
    for story, count in stories:
        for _ in range(count):
            kind = story(world)
            if kind:
                world.kinds[kind] += 1
    world.transfers.write_balances()


def _population(stories: Plan) -> int:
    # One more citizen for every 25 payments and other events.
    return USUAL_CITIZENS + sum(count for _, count in stories) // 25 - 10


__all__ = ["SCENARIOS", "SeedReport", "is_used", "seed", "seed_once"]
