"""What is to happen in one history, drawn from its seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from cascade_cli.sandbox.venice import FAIL_POINTS
from tests.simulation.course import Course
from tests.simulation.likeness import Alike, draw_alike

BEGINNING = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
CITIZENS = ("marco", "lucia-barbarigo", "D'Alviano", "Niccolò_Grimani")
LATECOMER = "zorzi_bembo"
SMALL_AMOUNTS = ("3", "37.5", "100")
AMOUNTS = ("100", "525", "1075", "37.5", "250.25", "3")
# A lag that may outlast what happens between an activation and its execution.
_LONG_SECONDS = 60
_DAY_SECONDS = 86400.0


@dataclass(frozen=True)
class Payment:
    """Somebody pays, and Stripe tells of it `deliveries` seconds later, perhaps several times."""

    after_seconds: float
    citizen: str
    ducats: str
    deliveries: tuple[float, ...]
    undone: str = ""
    """`refund`, `part`, `parts`, `fails` or `dispute`, some time later."""
    undone_after_seconds: float = 0.0
    refunded: tuple[float, ...] = ()
    """So long after the money went back somebody types `cascade refund`."""
    spent: float = 0.0
    """What share of their ducats the citizen has spent by then."""
    legacy_connector: bool = False
    """The older connector makes its row instead, and it expires in five minutes."""
    members: tuple[tuple[str, str], ...] = ()
    """For many citizens: who gets how much of `ducats`."""
    giver: str = ""
    """Who pays, if it is a gift."""
    anonymous: bool = False
    currency: str = "usd"
    hesitated_days: int = 0
    """So long after its page was made it is paid, where an exchange rate matters."""
    monthly: bool = False
    """A subscription: Stripe tells of it by its invoices as well."""
    renewed_after_seconds: tuple[float, ...] = ()
    attached: str = ""
    """In which way later months are paid by payments attached to their invoices, see `attached`."""
    attached_after_seconds: float = 0.0
    """So long after such a payment, if it is attached only afterwards."""
    short: str = ""
    """In which way too little is paid for it, see `short`."""
    overruled_after_seconds: float = 0.0
    """So long afterwards a person has it delivered all the same; never, if zero."""
    held_seconds: float = 0.0
    """So long it is only authorised, for more than it costs."""
    course: Course | None = None
    """What becomes of its money, step by step."""
    another_s: str = ""
    """Which field of its metadata says that another shop sold it, or no ducats."""


@dataclass(frozen=True)
class ManualCredit:
    """An operator credits by hand; `again` seconds later somebody types the same command."""

    after_seconds: float
    citizen: str
    ducats: str
    reference: str
    again: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """For the chronicle."""
        return f"credit {self.reference[-1]}"


@dataclass(frozen=True)
class StrangeEvent:
    """Stripe sends an event that can be read only in part, `deliveries` seconds later."""

    after_seconds: float
    name: str
    """What is strange about it, see tests.harness.strange_events."""
    type: str
    """As what it tells of a payment; empty if of none."""
    deliveries: tuple[float, ...]


@dataclass(frozen=True)
class EngineRunPlan:
    """One scheduled run of Venice's engine."""

    after_seconds: float
    fail_at: str | None
    step_seconds: float
    kill: float


@dataclass(frozen=True)
class Mistake:
    """A payment that an older set-up delivered wrongly, see `mistakes`, and what people decide
    about it: so many seconds later, what, and how long after that once more, if at all."""

    after_seconds: float
    way: str
    citizen: str
    other: str
    ducats: str
    decisions: tuple[tuple[float, str, float], ...]
    by_hand_after: float = 0.0
    """So long afterwards somebody credits it by hand and names the payment; never, if zero."""
    relapse_after: float = 0.0
    """So long after the beginning the older set-up does something more; never, if zero."""


@dataclass(frozen=True)
class Plan:
    """A whole history, up to the moment from which nothing goes wrong any more."""

    begins: datetime
    horizon_seconds: float
    schedule: str
    lifetime: timedelta
    fault: float
    kill: float
    standstill: float
    oversleep: float
    journal_failing: float
    lag: timedelta
    airtable_rate: float | None
    legacy_notifications: bool
    schema_known: bool
    processor_ducats: int
    day_limit_ducats: str
    payments: tuple[Payment, ...]
    credits: tuple[ManualCredit, ...]
    file: tuple[ManualCredit, ...]
    """The rows of one CSV, credited at once."""
    threads: int
    told_again: float
    """How likely Stripe tells once more of a payment just when its transfer was executed."""
    has_inbox: bool
    """Events are kept and worked on by `cascade serve`, else told to `credit_ducats`."""
    replenishments: tuple[tuple[float, str], ...]
    """When an operator raises the processor's balance, and by how much."""
    copies: tuple[float, ...]
    """When somebody at Venice doubles a live row."""
    repairs: tuple[float, ...]
    replays: tuple[float, ...]
    engine_runs: tuple[EngineRunPlan, ...]
    hand_runs: tuple[float, ...]
    replenished_after: float
    latecomer_after: float
    quota_gone: tuple[float, float] | None
    refunds_auto: bool = False
    """Events of refunds are dealt with by `cascade serve`, and people come only for debts."""
    disputes_hold: bool = False
    reruns: tuple[float, ...] = ()
    """When somebody at Venice runs a row once more at which the engine broke off."""
    blanks: tuple[float, ...] = ()
    """When somebody at Venice clears the expiry of a live row."""
    alike: tuple[Alike, ...] = ()
    nights: tuple[tuple[float, float], ...] = ()
    """When `reconcile --since last` runs, and how many seconds its machine's clock is ahead."""
    arrival_looks: tuple[float, ...] = ()
    """When a server looks whether ducats have arrived; empty where nobody tells of arrivals."""
    mistakes: tuple[Mistake, ...] = ()
    strange: tuple[StrangeEvent, ...] = ()
    crowds: tuple[float, ...] = ()
    """When several people look at once."""
    overruns: tuple[float, ...] = ()
    """When somebody else asks the base more often than it allows."""


def draw_plan(random: Random) -> Plan:
    """Short and busy with an engine that runs every ten minutes, or long with two or three runs a
    day."""
    often = random.random() < 0.5
    horizon = random.uniform(1, 3) * 3600 if often else random.uniform(1.2, 5) * 86400
    begins = BEGINNING + timedelta(seconds=random.uniform(0, 86400))
    runs = tuple(_engine_runs(random, begins, horizon, often=often))
    payments = tuple(_payment(random, horizon, runs, often=often) for _ in range(_few(random)))
    lag_seconds = random.choice((0, 0, 2, 110))
    # From sources of their own: the histories without them stay what they were.
    payments = tuple(_guild(Random(f"guild {begins}"), payments))  # noqa: S311
    payments += tuple(_subscriptions(begins, horizon, runs, often=often))
    plan = Plan(
        begins=begins,
        horizon_seconds=horizon,
        schedule="every 10m" if often else "11:00,19:00 Europe/Rome",
        lifetime=timedelta(minutes=25) if often and random.random() < 0.5 else timedelta(hours=72),
        fault=random.choice((0.0, 0.05, 0.15, 0.3)),
        kill=random.choice((0.0, 0.005, 0.02)),
        standstill=random.choice((0.0, 0.0, 0.01)),
        oversleep=random.choice((0.0, 0.0, 0.0, 0.1)),
        journal_failing=random.choice((0.0, 0.0, 0.0, 0.02)),
        lag=timedelta(seconds=lag_seconds),
        airtable_rate=random.choice((None, None, 5.0)),
        legacy_notifications=random.random() < 0.2,
        schema_known=random.random() < 0.85,
        processor_ducats=random.choice((1_000_000, 1_000_000, 150)),
        day_limit_ducats=random.choice(("100000", "100000", "1200")),
        payments=payments,
        credits=tuple(_credits(random, horizon, runs)),
        file=tuple(_file(random, horizon, runs)),
        threads=random.choice((1, 3)),
        told_again=0.9 if lag_seconds > _LONG_SECONDS else random.choice((0.0, 0.0, 0.5)),
        has_inbox=random.random() < 0.4,
        replenishments=tuple(_replenishments(random, horizon, runs)),
        copies=tuple(random.uniform(0.1, 1) * horizon for _ in range(random.randrange(5) // 4)),
        repairs=tuple(_repairs(random, horizon, runs)),
        replays=tuple(random.uniform(0.1, 1) * horizon for _ in range(random.randrange(5) // 4)),
        engine_runs=runs,
        hand_runs=tuple(random.uniform(0, horizon) for _ in range(random.choice((0, 1, 1, 2)))),
        replenished_after=random.uniform(0.2, 1) * horizon,
        latecomer_after=random.uniform(0.2, 1.2) * horizon,
        quota_gone=_quota(random, horizon),
        alike=tuple(draw_alike(begins, horizon, CITIZENS)),
    )
    if not often:
        plan = _perhaps_with_night_runs(plan, Random(f"{begins.isoformat()}:night runs"))  # noqa: S311
    # By dice of their own: the histories without them stay as they were, with those that caught the
    # rarest mutants among them.
    plan = _with_gifts_and_automatic_refunds(plan, Random(f"gifts 104 {horizon}"))  # noqa: S311
    return replace(
        plan,
        reruns=_reruns(Random(f"reruns {begins}"), horizon),  # noqa: S311
        blanks=_blanks(Random(f"blanks {begins}"), horizon),  # noqa: S311
    )


def _blanks(random: Random, horizon: float) -> tuple[float, ...]:
    return tuple(random.uniform(0.1, 1) * horizon for _ in range(random.randrange(5) // 4))


def _reruns(random: Random, horizon: float) -> tuple[float, ...]:
    return tuple(random.uniform(0.2, 1) * horizon for _ in range(random.choice((0, 1, 2))))


def with_arrivals(plan: Plan, random: Random) -> Plan:
    """In one history of three, servers look after the engine's runs, often several at once."""
    if random.random() > _TELLING:
        return plan
    looks = [
        run.after_seconds + random.choice((620.0, 620.0, 1250.0)) + random.choice((0.0, 0.0, 0.4))
        for run in plan.engine_runs
        for _ in range(random.choice((0, 1, 2, 2)))
    ]
    return replace(plan, arrival_looks=tuple(looks) or (plan.horizon_seconds,))


_TELLING = 1 / 3


def _with_gifts_and_automatic_refunds(plan: Plan, random: Random) -> Plan:
    return replace(
        plan,
        payments=tuple(
            _perhaps_abroad(_perhaps_a_gift(payment, random), random) for payment in plan.payments
        ),
        refunds_auto=plan.has_inbox and random.random() < 0.6,
        disputes_hold=plan.has_inbox and random.random() < 0.6,
        nights=tuple(_nights(plan.horizon_seconds)),
    )


def _nights(horizon: float) -> list[tuple[float, float]]:
    """In some histories of days; drawn apart, so that all others stay as they were."""
    random = Random(f"clocks {horizon}")  # noqa: S311
    if horizon < _DAY_SECONDS or random.random() < 0.75:
        return []
    moments = sorted(random.uniform(0, 1.2) * horizon for _ in range(random.randrange(2, 7)))
    wrong = (0.0, random.uniform(1, 30) * 3600, -random.uniform(1, 30) * 3600)
    return [(moment, random.choice(wrong)) for moment in moments]


def _perhaps_abroad(payment: Payment, random: Random) -> Payment:
    currency, days = random.choice(("eur", "jpy", "kwd")), random.randrange(2)
    if payment.legacy_connector or payment.monthly or random.random() < 0.85:
        return payment
    return replace(payment, currency=currency, hesitated_days=days)


def _perhaps_a_gift(payment: Payment, random: Random) -> Payment:
    giver = random.choice((*CITIZENS, "Nobody"))
    is_plain = payment.citizen and not payment.legacy_connector and not payment.monthly
    if not is_plain or giver == payment.citizen or random.random() < 0.75:
        return payment
    return replace(payment, giver=giver, anonymous=random.random() < 0.5)


def _few(random: Random) -> int:
    return random.choice((1, 1, 1, 1, 2, 2, 3))


def _engine_runs(
    random: Random, begins: datetime, horizon: float, *, often: bool
) -> list[EngineRunPlan]:
    """Every ten minutes, or at 11:00 and 19:00 in Rome (UTC+1 in November); with outages."""
    moments = []
    if often:
        moments = [random.uniform(0, 600) + 600 * i for i in range(int(horizon / 600))]
    else:
        midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range(int(horizon / 86400) + 2):
            for hour in (10, 18):
                moment = midnight + timedelta(days=day, hours=hour)
                moments.append((moment - begins).total_seconds())
    down = _outage(random, horizon)
    return [
        EngineRunPlan(moment, _fail_at(random), random.choice((0.3, 3.0, 20.0)), 0.02)
        for moment in moments
        if 0 < moment < horizon and not down[0] < moment < down[1]
    ]


def _perhaps_with_night_runs(plan: Plan, random: Random) -> Plan:
    """As in the live city, at 03:00 in Rome too; not during an outage of the other runs."""
    if random.random() < 0.5:
        return plan
    by_day = {run.after_seconds for run in plan.engine_runs}
    midnight = plan.begins.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [
        (midnight + timedelta(days=day, hours=2) - plan.begins).total_seconds()
        for day in range(1, int(plan.horizon_seconds / 86400) + 2)
    ]
    eight_hours = 8 * 3600
    nights = [
        EngineRunPlan(moment, _fail_at(random), random.choice((0.3, 3.0, 20.0)), 0.02)
        for moment in moments
        if moment < plan.horizon_seconds and moment + eight_hours in by_day
    ]
    runs = sorted((*plan.engine_runs, *nights), key=lambda run: run.after_seconds)
    return replace(plan, schedule="03:00,11:00,19:00 Europe/Rome", engine_runs=tuple(runs))


def _outage(random: Random, horizon: float) -> tuple[float, float]:
    if random.random() < 0.6:
        return (0.0, 0.0)
    begins = random.uniform(0, horizon)
    return (begins, begins + random.uniform(0.2, 0.9) * horizon)


def _fail_at(random: Random) -> str | None:
    return random.choice(FAIL_POINTS) if random.random() < 0.12 else None


def _payment(
    random: Random, horizon: float, runs: tuple[EngineRunPlan, ...], *, often: bool
) -> Payment:
    lucky = random.random() < 0.75
    first = random.uniform(0.5, 5)
    copies = random.choice((0, 0, 1, 1, 2)) if lucky else 0
    near = random.random() < 0.6
    others = [first + random.uniform(0, 3 if near else 900) for _ in range(copies)]
    late = random.random() < 0.1
    older = not lucky and random.random() < 0.3
    return Payment(
        after_seconds=_moment(random, horizon, runs),
        citizen=LATECOMER if late else random.choice(CITIZENS),
        ducats=f"{random.randrange(5, 900)}.125" if older else random.choice(AMOUNTS),
        deliveries=(first, *others) if lucky else (),
        undone=random.choice(_UNDOINGS) if random.random() < 0.3 else "",
        undone_after_seconds=random.uniform(0, 0.3) * horizon if often else random.uniform(1, 1e5),
        refunded=_refunded(random, horizon),
        spent=random.choice((0.0, 0.0, 0.5, 1.0)),
        legacy_connector=older,
    )


def _guild(random: Random, payments: tuple[Payment, ...]) -> Iterator[Payment]:
    """Now and then the first payment is a guild's, for some of its members."""
    first, *others = payments
    if random.random() < 0.85 or first.legacy_connector:
        yield from payments
        return
    citizens = random.sample((*CITIZENS, LATECOMER), random.choice((2, 2, 3)))
    members = tuple((citizen, random.choice(SMALL_AMOUNTS)) for citizen in citizens)
    total = sum(Decimal(ducats) for _, ducats in members)
    yield replace(first, citizen="", ducats=str(total), members=members, spent=0.0)
    yield from others


def _subscriptions(
    begins: datetime, horizon: float, runs: tuple[EngineRunPlan, ...], *, often: bool
) -> list[Payment]:
    """In one history of six somebody subscribes; drawn apart, so that the others stay as they
    were before there were subscriptions."""
    random = Random(f"month by month {begins.isoformat()}")  # noqa: S311
    if random.random() > _SUBSCRIBING:
        return []
    payment = _payment(random, horizon, runs, often=often)
    renewals = sorted(
        random.choice((1.0, 60.0, random.uniform(0, 0.5) * horizon))
        for _ in range(random.randrange(3))
    )
    return [
        replace(
            payment,
            ducats=random.choice(AMOUNTS),
            legacy_connector=False,
            monthly=True,
            renewed_after_seconds=tuple(renewals),
        )
    ]


_SUBSCRIBING = 1 / 6
_UNDOINGS = ("refund", "refund", "part", "parts", "fails", "dispute")


def _refunded(random: Random, horizon: float) -> tuple[float, ...]:
    """Soon, late, or twice in the same moment."""
    first = random.choice((1.0, 30.0, random.uniform(0, 0.3) * horizon))
    return (first, *(first + random.choice((0.0, 2.0, 400.0)) for _ in range(random.randrange(2))))


def _moment(random: Random, horizon: float, runs: tuple[EngineRunPlan, ...]) -> float:
    """Any time, or so shortly before the engine runs that a lost write may outlast the run."""
    if runs and random.random() < 0.5:
        return max(0.0, random.choice(runs).after_seconds - random.uniform(0, 150))
    return random.uniform(0, 0.8) * horizon


def _credits(random: Random, horizon: float, runs: tuple[EngineRunPlan, ...]) -> list[ManualCredit]:
    return [
        ManualCredit(
            _moment(random, horizon, runs),
            random.choice(CITIZENS),
            random.choice(AMOUNTS),
            f"ticket-{number}",
            tuple(random.choice((1.0, 40.0, 300.0)) for _ in range(random.choice((0, 0, 1)))),
        )
        for number in range(random.choice((0, 0, 0, 1, 2)))
    ]


def _file(random: Random, horizon: float, runs: tuple[EngineRunPlan, ...]) -> list[ManualCredit]:
    """Now and then a few small credits, so many that several threads have something to do."""
    if random.random() < 0.93:
        return []
    after = _moment(random, horizon, runs)
    return [
        ManualCredit(after, random.choice(CITIZENS), random.choice(SMALL_AMOUNTS), f"row-{number}")
        for number in range(random.randrange(3, 8))
    ]


def _replenishments(
    random: Random, horizon: float, runs: tuple[EngineRunPlan, ...]
) -> list[tuple[float, str]]:
    """Seldom, and by preference when the engine is about to run or runs."""
    count = random.choice((0, 0, 0, 0, 0, 1, 2))
    return [
        (_moment(random, horizon, runs) + random.uniform(0, 150), f"{5000 + number}.5")
        for number in range(count)
    ]


def _repairs(random: Random, horizon: float, runs: tuple[EngineRunPlan, ...]) -> list[float]:
    """Now and then, and by preference while the engine runs."""
    count = random.choice((0, 1, 2))
    moments = [random.uniform(0.2, 1) * horizon for _ in range(count)]
    if runs:
        moments += [random.choice(runs).after_seconds + random.uniform(-5, 30)]
    return [max(moment, 0.0) for moment in moments]


def _quota(random: Random, horizon: float) -> tuple[float, float] | None:
    if random.random() < 0.95:
        return None
    begins = random.uniform(0, horizon)
    return (begins, begins + random.uniform(0.1, 0.5) * horizon)
