"""Looks at every part of the shop in turn. No failure stops the rest, and nothing is written.

`Doctor._areas` lists the areas. Each method reads what its area needs and gives it to the functions
in `cascade_cli.domain.doctor`, which judge it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cascade_cli.domain.delivery.runway import OUTFLOW_DAYS, finances
from cascade_cli.domain.doctor import (
    airtable,
    engine,
    journal,
    machine,
    processor,
    stripe,
    venice,
    webhook,
)
from cascade_cli.domain.doctor.findings import BUG, TITLES, UNCHECKED, UNREAD, Check
from cascade_cli.domain.records.citizens import CitizenRow
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.records.stripe_events import KEPT
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.errors import CascadeError, JournalError, RightsError, UnreachableError
from cascade_cli.services.ports import AccountPort, BasePort, JournalLookPort, TransfersPort
from cascade_cli.settings import Settings


@dataclass(frozen=True)
class Instruments:
    """What doctor reads with. None of it can write.

    `journal` is the error if its address is wrong. `skews` tells how far this clock was ahead of
    each service that has answered so far, `requests` how many were sent to each.
    """

    settings: Settings
    account: AccountPort
    base: BasePort
    transfers: TransfersPort
    citizens_called: Callable[[str], list[CitizenRow]]
    legacy_since: Callable[[datetime], list[Stratagem]]
    ask_venice: Callable[[str], venice.Answers]
    journal: JournalLookPort | CascadeError
    skews: Callable[[], list[machine.Skew]]
    now: Callable[[], datetime]
    requests: Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class _Past:
    executed: list[Stratagem]
    open: list[Stratagem]
    last_executed_at: datetime | None


class Doctor:
    """One examination. `on_bug` is called with exceptions that nobody foresaw."""

    def __init__(self, instruments: Instruments, on_bug: Callable[[Exception], None]) -> None:
        self._with, self._on_bug = instruments, on_bug
        self._closed: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        """How long each area took."""

    def examine(
        self, known: Sequence[Check], areas: Container[str] = frozenset(TITLES)
    ) -> list[Check]:
        """The checks of these areas, in the order of all. `known` are the earlier checks of the
        settings."""
        found = list(known)
        self._close(known)
        for area, look in self._areas():
            if area not in areas:
                continue
            began = time.monotonic()
            checks = self._visit(area, look)
            self.seconds[area] = time.monotonic() - began
            self._close(checks)
            found += checks
        order = list(TITLES)
        return sorted(found, key=lambda check: order.index(check.area))

    def is_closed(self, area: str) -> bool:
        """Whether something that the area depends on failed, so that it cannot be read."""
        return area in self._closed

    def _close(self, checks: Iterable[Check]) -> None:
        """Remember which areas cannot be checked because of these, and why."""
        for check in checks:
            for area in check.closes:
                self._closed.setdefault(area, f"because of {TITLES[check.area]}: {check.name}")

    def _visit(self, area: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
        """The checks of one area, whatever happens."""
        if area in self._closed:
            return [UNCHECKED[area].seen(self._closed[area])]
        found: list[Check] = []
        try:
            # One by one, so that a failure does not lose the checks before it.
            for check in look():
                found.append(check)
        except RightsError as error:
            found.append(UNCHECKED[area].seen(error.message))
        except CascadeError as error:
            found.append(UNREAD[area].seen(error.message, advice=error.hint))
        except Exception as error:  # noqa: BLE001 - one broken area must not hide the others
            self._on_bug(error)
            found.append(BUG.seen(f"{type(error).__name__} was not foreseen", name=TITLES[area]))
        return found

    def _areas(self) -> tuple[tuple[str, Callable[[], Iterable[Check]]], ...]:
        return (
            ("stripe", self._stripe),
            ("rights", self._rights),
            ("airtable", self._airtable),
            ("schema", self._schema),
            ("processor", self._processor),
            ("engine", self._engine),
            ("older", self._legacy),
            ("mode", self._mode),
            ("webhook", self._webhook),
            ("venice", self._venice),
            ("journal", self._journal),
            # Last, because the answers to the others tell the services' time.
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
            probe.check_token()
            base, refusals = probe.base(), list(probe.refusals())
        except CascadeError as error:
            yield airtable.judge_failure(error)
            return
        yield from airtable.judge_access(base, refusals)

    def _schema(self) -> Iterator[Check]:
        schema = self._with.base.schema(self._with.settings.processor_class)
        if schema is None:
            yield airtable.SCHEMA_UNKNOWN.seen("the token may not read the base's schema")
            return
        yield from airtable.judge_tables(schema.tables, schema.required)
        yield airtable.judge_record(schema.record, schema.record_fields)

    def _processor(self) -> Iterator[Check]:
        settings, now = self._with.settings, self._with.now()
        called = self._with.citizens_called(settings.processor)
        yield from processor.judge_processor(settings.processor, called)
        exact = [citizen for citizen in called if citizen.username == settings.processor]
        if len(exact) == 1:
            past = self._past
            known = finances(exact[0], past.open, past.executed, past.last_executed_at, now)
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

    def _legacy(self) -> Iterator[Check]:
        now = self._with.now()
        rows = self._with.legacy_since(now - venice.LEGACY_LOOKED_BACK)
        yield venice.judge_legacy([row for row in rows if row.origin is Origin.LEGACY], now)
        yield venice.judge_payers([row for row in rows if row.other_processor])

    def _mode(self) -> Iterator[Check]:
        settings, livemode = self._with.settings, self._with.settings.livemode
        bound = self._bound_mode()
        other = bound is None and self._with.transfers.has_mode(not livemode)
        base = settings.airtable_base
        yield stripe.judge_mode(base, livemode=livemode, bound=bound, has_other=other)

    def _bound_mode(self) -> bool | None:
        """If the journal cannot be read, its own area says so."""
        probe = self._with.journal
        try:
            base = self._with.settings.airtable_base
            return None if isinstance(probe, CascadeError) else probe.mode_of(base)
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
            secrets = self._with.settings.signing_secrets
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
            return None if isinstance(probe, CascadeError) else probe.acceptance(latest, since)
        except JournalError:
            return None

    def _venice(self) -> Iterator[Check]:
        try:
            answers = self._with.ask_venice(self._with.settings.processor)
        except UnreachableError as error:
            yield venice.API_UNREACHABLE.seen(error.message)
        else:
            yield venice.judge_answers(answers)

    def _journal(self) -> Iterator[Check]:
        probe = self._with.journal
        if isinstance(probe, CascadeError):
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
        """Whether cascade has made transfers in this base, from any machine."""
        if "mode" in self._closed:
            return False
        has_mode = self._with.transfers.has_mode
        return has_mode(True) or has_mode(False)  # noqa: FBT003 - live or test: both are asked

    def _clocks(self) -> Iterator[Check]:
        return machine.judge_clocks(self._with.skews())


def _judge_existing(probe: JournalLookPort) -> Iterator[Check]:
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
    if found.is_intact:
        yield from journal.judge_restored(probe.restored())
