"""Looks at every part of the shop in turn: no failure stops the rest, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cascade_cli.adapters.journal.inspection import JournalProbe
from cascade_cli.adapters.stripe.signature import FAST_CLOCK, TOLERANCE, secrets_in
from cascade_cli.adapters.venice.required_schema import TRANSACTION_FIELDS, TRANSACTIONS, needs
from cascade_cli.domain.checkup import (
    airtable,
    clocks,
    engine,
    journal,
    older,
    processor,
    schema,
    stripe,
    venice,
    webhook,
)
from cascade_cli.domain.checkup.areas import TITLES
from cascade_cli.domain.checkup.result import Check
from cascade_cli.domain.delivery.runway import OUTFLOW_DAYS, finances
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.records.stripe_events import KEPT
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.errors import CascadeError, JournalError, RightsError, UnreachableError
from cascade_cli.services.doctor_instruments import Instruments
from cascade_cli.services.doctor_round import Round

Area = tuple[str, Callable[[], Iterable[Check]]]


@dataclass(frozen=True)
class _Past:
    executed: list[Stratagem]
    open: list[Stratagem]
    last_executed_at: datetime | None


class Doctor:
    """One examination; `on_bug` hears of exceptions that nobody foresaw."""

    def __init__(self, instruments: Instruments, on_bug: Callable[[Exception], None]) -> None:
        self._with, self._round = instruments, Round(on_bug)

    def examine(self, known: Sequence[Check]) -> list[Check]:
        """All checks, in the order of the areas; `known` are those made before."""
        found = list(known)
        self._round.note(known)
        for name, look in self._areas():
            found += self._round.visit(name, look)
        order = list(TITLES)
        return sorted(found, key=lambda check: order.index(check.area))

    def _areas(self) -> tuple[Area, ...]:
        return (
            ("stripe", self._stripe),
            ("rights", self._rights),
            ("airtable", self._airtable),
            ("schema", self._schema),
            ("processor", self._processor),
            ("engine", self._engine),
            ("older", self._older),
            ("mode", self._mode),
            ("webhook", self._webhook),
            ("venice", self._venice),
            ("journal", self._journal),
            # Last, because the others' answers tell the time.
            ("clocks", self._clocks),
        )

    def _stripe(self) -> Iterator[Check]:
        settings = self._with.settings
        try:
            account = self._with.account.account()
        except CascadeError as error:
            yield stripe.judge_failure(error)
            return
        restricted = settings.stripe_key.reveal().startswith("rk_")
        yield from stripe.judge_access(account, livemode=settings.livemode, restricted=restricted)

    def _rights(self) -> Iterator[Check]:
        return map(stripe.judge_right, self._with.account.rights())

    def _airtable(self) -> Iterator[Check]:
        probe = self._with.base
        try:
            probe.knock()
            base, refusals = probe.base(), list(probe.refusals())
        except CascadeError as error:
            yield airtable.judge_failure(error)
            return
        yield from airtable.judge_access(base, refusals)

    def _schema(self) -> Iterator[Check]:
        tables = self._with.base.tables()
        if tables is None:
            yield schema.UNKNOWN.seen("the token may not read the base's schema")
            return
        needed = list(needs(tables, self._with.settings.processor_class))
        yield from schema.judge_tables(tables, needed)
        yield schema.judge_record(tables.get(TRANSACTIONS), TRANSACTION_FIELDS)

    def _processor(self) -> Iterator[Check]:
        settings, now = self._with.settings, self._with.now()
        called = self._with.citizens.called(settings.processor)
        check = processor.judge_citizen(settings.processor, called)
        yield check
        if check.code == processor.THERE.code:
            citizen = next(c for c in called if c.username == settings.processor)
            yield processor.judge_presence(citizen)
            past = self._past
            known = finances(citizen, past.open, past.executed, past.last_executed_at, now)
            yield from processor.judge_finances(known, settings.max_per_credit)

    def _engine(self) -> Iterator[Check]:
        settings, past = self._with.settings, self._past
        last, now = past.last_executed_at, self._with.now()
        yield engine.judge_life(past.open, last, settings.engine, now)
        seen = [*past.executed, *past.open]
        yield from engine.judge_cadence(seen, settings.lifetime, settings.engine)

    @cached_property
    def _past(self) -> _Past:
        transfers = self._with.transfers
        executed = transfers.executed_since(self._with.now() - timedelta(days=OUTFLOW_DAYS))
        moments = [row.executed_at for row in executed if row.executed_at]
        last = max(moments) if moments else transfers.last_executed_at()
        return _Past(executed, transfers.open_transfers(), last)

    def _older(self) -> Iterator[Check]:
        now = self._with.now()
        rows = self._with.older.older_since(now - older.LOOKED_BACK)
        yield older.judge_legacy([row for row in rows if row.origin is Origin.LEGACY], now)
        yield older.judge_payers([row for row in rows if row.other_processor])

    def _mode(self) -> Iterator[Check]:
        settings, livemode = self._with.settings, self._with.settings.livemode
        bound = self._bound_mode()
        other = bound is None and self._with.transfers.has_mode(not livemode)
        base = settings.airtable_base
        yield stripe.judge_mode(base, livemode=livemode, bound=bound, has_other=other)

    def _bound_mode(self) -> bool | None:
        """A journal that cannot be read is the business of its own area."""
        probe = self._with.journal
        try:
            return (
                probe.mode_of(self._with.settings.airtable_base)
                if isinstance(probe, JournalProbe)
                else None
            )
        except JournalError:
            return None

    def _webhook(self) -> Iterator[Check]:
        now, account = self._with.now(), self._with.account
        accepted = self._accepted()
        if accepted:
            yield from webhook.judge_inbox(accepted, now)
        endpoints = account.endpoints()
        yield from webhook.judge_endpoints(endpoints, self._with.settings.acted_on)
        if accepted:
            secret = self._with.settings.webhook_secret
            secrets = secrets_in(secret.reveal()) if secret else ()
            yield from webhook.judge_secret(secrets, endpoints, accepted)
        yield webhook.judge_deliveries(account.undelivered(now - KEPT), now)

    def _accepted(self) -> webhook.Acceptance | None:
        try:
            latest = self._with.account.latest_payments()
        except RightsError:
            latest = []
        probe = self._with.journal
        try:
            since = self._with.now() - webhook.LOOKED_BACK
            return probe.acceptance(latest, since) if isinstance(probe, JournalProbe) else None
        except JournalError:
            return None

    def _venice(self) -> Iterator[Check]:
        try:
            answers = self._with.venice.ask(self._with.settings.processor)
        except UnreachableError as error:
            yield venice.UNREACHABLE.seen(error.message)
        else:
            yield venice.judge_answers(answers)

    def _journal(self) -> Iterator[Check]:
        probe = self._with.journal
        if not isinstance(probe, JournalProbe):
            yield journal.ADDRESS.seen(probe.message)
            return
        try:
            if probe.exists():
                yield from _judge_existing(probe)
            else:
                yield journal.judge_absence(probe.place, others_wrote=self._others_wrote())
        except CascadeError as error:
            yield journal.judge_use(error)

    def _others_wrote(self) -> bool:
        """Whether the base holds transfers that cascade made, from wherever."""
        if not self._round.is_open("mode"):
            return False
        has_mode = self._with.transfers.has_mode
        return has_mode(True) or has_mode(False)  # noqa: FBT003 - live or test: both are asked

    def _clocks(self) -> Iterator[Check]:
        skews = [clocks.Skew(name, t.ahead) for name, t in self._with.clocks if t.ahead is not None]
        return clocks.judge_clocks(skews, furthest_ahead=TOLERANCE, furthest_behind=FAST_CLOCK)


def _judge_existing(probe: JournalProbe) -> Iterator[Check]:
    yield from journal.judge_place(probe.place)
    try:
        probe.try_to_write()
    except JournalError as error:
        yield journal.judge_writing(error)
    else:
        yield journal.judge_writing(None)
    found = probe.verify()
    yield journal.judge_chain(found)
    if found.is_intact and probe.told and not probe.holds(probe.told):
        yield journal.judge_head(found, probe.told)
