"""Wires doctor: from settings, however broken, to all checks. Its transports only read, and give up
soon."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cascade_cli.adapters.http.pacing import Pacer, Pacing
from cascade_cli.adapters.http.probing import ProbingTransport
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database, file_url, parse_url
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.probes import JournalProbe
from cascade_cli.adapters.journal.reported_heads import last_reported
from cascade_cli.adapters.key_files import inspect_file
from cascade_cli.adapters.stripe.probes import AccountProbe
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.probes import BaseProbe, LegacyReader, VeniceApi
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.domain.doctor import machine
from cascade_cli.domain.doctor import settings as judging
from cascade_cli.domain.doctor.airtable import Base
from cascade_cli.domain.doctor.findings import TITLES, Check
from cascade_cli.errors import JournalError, SettingsError
from cascade_cli.services.doctor import Doctor, Instruments
from cascade_cli.services.doctor_settings import examine_settings
from cascade_cli.settings import AIRTABLE_KEY, AIRTABLE_URL, SANDBOX, SETTINGS, Settings, strays
from cascade_cli.settings.found_values import FoundValues
from cascade_cli.settings.locations import STATE_DIR, state_folder
from cascade_cli.settings.secret_sources import KEYRING
from cascade_cli.settings.settings_file import SettingsFile
from cascade_cli.settings.sources import names_of
from cascade_cli.settings.values import ChangedValues, secret, url
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.connection import kept_pace, sandbox_values
from cascade_cli.wiring.journal import chosen_url, default_file
from cascade_cli.wiring.reading import STRIPE_LOCKOUT_SECONDS, connect, prices_of

if TYPE_CHECKING:
    from sqlalchemy import URL

_KNOWN = [name for setting in SETTINGS for name in names_of(setting)]


def examine(invocation: Invocation, on_bug: Callable[[Exception], None]) -> list[Check]:
    """Check everything. Broken settings raise nothing; `on_bug` gets unforeseen exceptions."""
    with examination(invocation, on_bug) as found:
        return found.checks


@dataclass(frozen=True)
class Examination:
    """Everything that doctor found, with its readers, which can still be used."""

    checks: list[Check]
    doctor: Doctor
    tools: Instruments
    given: FoundValues
    """The settings as they were given."""


@contextmanager
def examination(
    invocation: Invocation, on_bug: Callable[[Exception], None]
) -> Iterator[Examination]:
    """For `with`: check everything. Doctor's readers can be used while the block lasts."""
    with (
        _examined(invocation) as examined,
        instruments(invocation, examined.settings, examined.values) as tools,
    ):
        doctor = Doctor(tools, on_bug)
        yield Examination(doctor.examine(examined.checks), doctor, tools, examined.given)


def examine_locally(invocation: Invocation) -> list[Check]:
    """Check only the settings and the files that hold them. No service is asked."""
    with _examined(invocation) as examined:
        order = list(TITLES)
        return sorted(examined.checks, key=lambda check: order.index(check.area))


def examine_areas(
    invocation: Invocation, areas: Collection[str], on_bug: Callable[[Exception], None]
) -> list[Check]:
    """Check the settings and these areas alone. No file of settings has to be there yet."""
    with (
        _read(invocation, invocation.found) as examined,
        instruments(invocation, examined.settings, examined.values) as tools,
    ):
        return Doctor(tools, on_bug).examine(examined.checks, areas)


def visible_bases(invocation: Invocation) -> list[Base] | None:
    """The bases that the Airtable token can see; None if it may not ask. Needs no other setting.

    Raises SettingsError, also for a token that Airtable does not know, and ServiceError.
    """
    values = invocation.found
    # A setting that is wrong would be replaced, and the answer would be about the stand-in.
    secret(values, AIRTABLE_KEY)
    url(values, AIRTABLE_URL)
    with (
        _read(invocation, values) as examined,
        instruments(invocation, examined.settings, examined.values) as tools,
    ):
        tools.base.check_token()
        return tools.base.bases()


def journal_knows(invocation: Invocation, folder: Path, base: str) -> bool:
    """Whether the journal in that folder has moved ducats in the base. One that cannot be read
    counts as if it had: it may be what keeps somebody from being paid twice."""
    file = default_file(invocation, folder)
    if not file.exists():
        return False
    with closing(_probe(invocation, file_url(file), base, folder)) as probe:
        try:
            return probe.mode_of(base) is not None
        except JournalError:
            return True


@dataclass(frozen=True)
class _Examined:
    checks: list[Check]
    settings: Settings
    values: Mapping[str, str]
    given: FoundValues


@contextmanager
def _examined(invocation: Invocation) -> Iterator[_Examined]:
    file_checks, values = _gathered(invocation)
    with _read(invocation, values) as examined:
        yield replace(examined, checks=[*examined.checks, *file_checks])


@contextmanager
def _read(invocation: Invocation, values: FoundValues) -> Iterator[_Examined]:
    """The settings alone, without the files that they stand in."""
    with _usable(invocation, values) as (switch_checks, usable, unfetched):
        examined = examine_settings(usable, prices_of, invocation.now(), unfetched)
        yield _Examined([*examined.checks, *switch_checks], examined.settings, usable, values)


def _gathered(invocation: Invocation) -> tuple[list[Check], FoundValues]:
    """The checks of the settings files, and the values that could be found."""
    environ = invocation.environ
    try:
        values = invocation.found
    except SettingsError as error:
        here = FoundValues(SETTINGS, environ, None, invocation.secrets.append)
        return [judging.UNREADABLE.seen(error.message, advice=error.hint)], here
    named = values.file.written if values.file else {}
    checks = list(judging.judge_names({*named, *environ}, _KNOWN))
    checks += machine.judge_file(_inspected(values.file))
    for name, path in values.secret_files():
        if path.is_file():
            checks += machine.judge_secret_file(name, inspect_file(path, {name}))
    return checks, values


def _inspected(file: SettingsFile | None) -> machine.KeyFile | None:
    """The settings file, with the names of the secrets in it."""
    if file is None:
        return None
    secret = [s for s in SETTINGS if s.secret and file.written.get(s.name, "").strip()]
    held = {s.name for s in secret if not file.written[s.name].strip().startswith(KEYRING)}
    return inspect_file(file.path, held)


@contextmanager
def _usable(
    invocation: Invocation, values: FoundValues
) -> Iterator[tuple[list[Check], Mapping[str, str], Mapping[str, SettingsError]]]:
    """Checks, the values that doctor goes on with, and the error of each that could not be fetched.

    With --sandbox the values are the sandbox's. A CASCADE_SANDBOX that is neither 1 nor 0 makes a
    red check, and so does an address that must not get a live key.
    """
    switch, checks, wrong = values.get(SANDBOX.name, "").strip(), [], set()
    if switch in {"", "0", "1"}:
        invocation.enter_sandbox(values)
    else:
        found = f"{SANDBOX.name} is {switch!r}."
        checks.append(judging.WRONG.seen(found, name=SANDBOX.name, advice="Set it to 1 or 0."))
        wrong.add(SANDBOX.name)
        invocation.enter_sandbox({STATE_DIR.name: str(invocation.folder)})
    if invocation.sandbox:
        with sandbox_values(invocation, values) as usable:
            yield checks, {n: v for n, v in usable.items() if n not in wrong}, {}
        return
    for setting, refusal in strays(values):
        seen = judging.WRONG.seen(refusal.message, name=setting.name, advice=refusal.hint)
        checks.append(seen)
        wrong.add(setting.name)
    known, unfetched = values.fetched()
    usable = {name: value for name, value in known.items() if name not in wrong}
    yield checks, ChangedValues(usable, values), unfetched


@contextmanager
def instruments(
    invocation: Invocation, settings: Settings, values: Mapping[str, str]
) -> Iterator[Instruments]:
    """Doctor's readers, without a request yet. `values` tell where the state folder is."""
    pacing = Pacing(partial(kept_pace, invocation, settings))
    connections = connect(settings, invocation.say, pacing, ProbingTransport, invocation.now)
    venice = ProbingTransport(
        Pacer(0),
        lockout_seconds=STRIPE_LOCKOUT_SECONDS,
        tell=lambda message: invocation.say(f"Venice: {message}"),
        service="Venice",
    )
    venice_key = settings.venice_key.reveal() if settings.venice_key else ""
    api, base, processor = connections.api, settings.airtable_base, settings.processor
    clocks = {"Stripe": connections.stripe, "Airtable": connections.airtable}

    def skews() -> list[machine.Skew]:
        told = {name: transport.ahead for name, transport in clocks.items()}
        return [machine.Skew(name, ahead) for name, ahead in told.items() if ahead is not None]

    def requests() -> dict[str, int]:
        sent = {name: transport.requests_sent for name, transport in clocks.items()}
        return {**sent, "Venice": venice.requests_sent}

    journal = _journal(invocation, settings, values)
    with ExitStack() as stack:
        if isinstance(journal, JournalProbe):
            stack.callback(journal.close)
        for transport in (venice, connections.airtable, connections.stripe):
            stack.callback(transport.close)
        yield Instruments(
            settings=settings,
            account=AccountProbe(connections.client),
            base=BaseProbe(api, base),
            transfers=TransferReader(api, base, processor),
            citizens_called=CitizenReader(api, base).rows_named_like,
            legacy_since=LegacyReader(api, base, processor).legacy_since,
            ask_venice=VeniceApi(settings.venice_url, venice_key, venice).ask,
            journal=journal,
            skews=skews,
            now=connections.clock.now,
            requests=requests,
        )


def _journal(
    invocation: Invocation, settings: Settings, values: Mapping[str, str]
) -> JournalProbe | SettingsError:
    try:
        if chosen := chosen_url(settings):
            url = parse_url(chosen)
        else:
            url = file_url(default_file(invocation, state_folder(values)))
    except SettingsError as error:
        return error
    return _probe(invocation, url, settings.airtable_base, state_folder(values))


def _probe(invocation: Invocation, url: URL, base: str, folder: Path) -> JournalProbe:
    database = Database(url)
    worker = this_worker("doctor", base)
    return JournalProbe(
        url,
        database,
        Journal(database, worker, now=invocation.now),
        Inbox(database, worker, now=invocation.now),
        last_reported(folder, database.place),
    )
