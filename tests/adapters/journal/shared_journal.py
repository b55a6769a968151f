"""Workers who share one journal, a clock they agree on, and a hand that tampers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import Claim, Fate, Intent, Worker

LEASE = timedelta(minutes=5)
HERE = "till-1"
ANNA = Worker("run-anna", HERE, 101, "anna", "cascade credit marco 100")
BRUNO = Worker("run-bruno", HERE, 102, "bruno", "cascade reconcile --repair")
ELSEWHERE = Worker("run-carla", "till-2", 101, "carla", "cascade serve")


class Clock:
    """Stands still until told to go on."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **span: float) -> None:
        self.moment += timedelta(**span)


class SharedJournal:
    """Makes Journals for workers; a pid in `dead` is a process that ended on the host HERE."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = Clock(datetime(2026, 11, 20, 14, tzinfo=UTC))
        self.dead: set[int] = set()
        self._journals: list[Journal] = []
        self._engine: Engine | None = None

    def journal(self, worker: Worker = ANNA, **options: Any) -> Journal:
        options = {"now": self.clock, "is_alive": self._is_alive, **options}
        journal = Journal(self.url, worker, **options)
        self._journals.append(journal)
        return journal

    def tamper(self, *statements: str) -> None:
        """Run raw SQL with the triggers out of the way, as somebody with full rights could."""
        on_table = "" if self.is_sqlite else " ON cascade_entries"
        for name in ("no_update", "no_delete", "refuse"):
            self.sql(f"DROP TRIGGER IF EXISTS cascade_entries_{name}{on_table}")
        self.sql(*statements)

    def sql(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            url = make_url(self.url)
            driver = "sqlite" if self.is_sqlite else "postgresql+psycopg"
            self._engine = create_engine(url.set(drivername=driver))
        return self._engine

    def close(self) -> None:
        for journal in self._journals:
            journal.close()
        if self._engine:
            self._engine.dispose()

    def _is_alive(self, host: str, pid: int) -> bool | None:
        return pid not in self.dead if host == HERE else None


def intent(key: str = "cascade_payment_pi_1", **changes: Any) -> Intent:
    return replace(Intent(key, "marco", Decimal(100), "event"), **changes)


def claim(
    journal: Journal, *intents: Intent, lease: timedelta = LEASE, limit: Decimal | None = None
) -> Claim:
    """Claim the intents together; the answer to the last one."""
    wanted = intents or (intent(),)
    answers = journal.claim(wanted, lease=lease, day_limit_ducats=limit)
    return answers[wanted[-1].key]


def deliver(journal: Journal, keys: Iterable[str]) -> None:
    """A whole credit for each key: claim, create, activate, release."""
    for key in keys:
        claim(journal, intent(key, detail={"payment_intent": key[-4:]}))
        for action in ("create", "activate"):
            journal.attempt([key], action, lease=LEASE)
            journal.outcome([key], action, Fate.APPLIED, {key: {"record": "rec1"}})
        journal.release([key])
