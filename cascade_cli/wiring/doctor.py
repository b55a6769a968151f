"""Wires doctor: from settings, however broken, to all checks. Its transports only read, and give up
soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cascade_cli.adapters.http.pacing import Pacer, Pacing
from cascade_cli.adapters.http.probing import ProbingTransport
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database, file_url, parse_url
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.inspection import JournalProbe
from cascade_cli.adapters.journal.told_heads import last_told
from cascade_cli.adapters.key_files import inspect_file, read_names
from cascade_cli.adapters.stripe.probes import AccountProbe
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.probes import BaseProbe, LegacyReader, VeniceApi
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.domain.doctor import machine
from cascade_cli.domain.doctor import settings as judging
from cascade_cli.domain.doctor.findings import Check
from cascade_cli.errors import SettingsError
from cascade_cli.services.doctor import Doctor, Instruments
from cascade_cli.services.doctor_settings import examine_settings
from cascade_cli.settings import SANDBOX, SETTINGS, Settings, strays
from cascade_cli.settings.locations import DEFAULT_FILE, state_folder
from cascade_cli.wiring import Invocation
from cascade_cli.wiring.connection import effective, kept_pace
from cascade_cli.wiring.journal import chosen_url, default_file
from cascade_cli.wiring.reading import STRIPE_LOCKOUT_SECONDS, connect, prices_of
from cascade_cli.wiring.worker import this_worker

_KNOWN = [setting.name for setting in SETTINGS]
_SECRET = {setting.name for setting in SETTINGS if setting.secret}


def examine(invocation: Invocation, on_bug: Callable[[Exception], None]) -> list[Check]:
    """Check everything. Broken settings raise nothing; `on_bug` gets unforeseen exceptions."""
    with examination(invocation, on_bug) as found:
        return found.checks


@dataclass(frozen=True)
class Examination:
    """Everything that doctor found, and what it looked with, which can still be used."""

    checks: list[Check]
    doctor: Doctor
    tools: Instruments
    values: Mapping[str, str]
    """The settings as text that could be read."""


@contextmanager
def examination(
    invocation: Invocation, on_bug: Callable[[Exception], None]
) -> Iterator[Examination]:
    """The same; what doctor looked with can be used while the block lasts."""
    file_checks, values = _gathered(invocation)
    with _usable(invocation, values) as (switch_checks, usable):
        examined = examine_settings(usable, prices_of, invocation.now())
        known = [*examined.checks, *switch_checks, *file_checks]
        with instruments(invocation, examined.settings, usable) as tools:
            doctor = Doctor(tools, on_bug)
            yield Examination(doctor.examine(known), doctor, tools, values)


def _gathered(invocation: Invocation) -> tuple[list[Check], dict[str, str]]:
    """The checks of the settings file, and the values that could be read."""
    file, environ = invocation.env_file or Path(DEFAULT_FILE), invocation.environ
    try:
        values = invocation.values()
        named = read_names(file) if file.is_file() else {}
    except (SettingsError, OSError) as error:
        found = error.message if isinstance(error, SettingsError) else f"{file}: {error.strerror}"
        here = {name: environ[name] for name in _KNOWN if name in environ}
        return [judging.UNREADABLE.seen(found)], here
    checks = list(judging.judge_names({*named, *environ}, _KNOWN))
    secrets = {name for name in _SECRET if named.get(name, "").strip()}
    checks += machine.judge_file(inspect_file(file, secrets) if file.is_file() else None)
    return checks, values


@contextmanager
def _usable(
    invocation: Invocation, values: dict[str, str]
) -> Iterator[tuple[list[Check], Mapping[str, str]]]:
    """The values to go on with: the sandbox's if it is asked for.

    A CASCADE_SANDBOX that is neither 1 nor 0 makes a red check, and so does an address that may not
    get a live key.
    """
    switch, checks = values.get(SANDBOX.name, "").strip(), []
    if switch not in {"", "0", "1"}:
        found = f"{SANDBOX.name} is {switch!r}."
        checks.append(judging.WRONG.seen(found, name=SANDBOX.name, advice="Set it to 1 or 0."))
        values = {name: value for name, value in values.items() if name != SANDBOX.name}
    invocation.enter_sandbox(values)
    if not invocation.sandbox:
        for setting, refusal in [*strays(values, invocation.environ, invocation.env_file)]:
            seen = judging.WRONG.seen(refusal.message, name=setting.name, advice=refusal.hint)
            checks.append(seen)
            values = {name: value for name, value in values.items() if name != setting.name}
    with effective(invocation, values) as usable:
        yield checks, usable


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
    database = Database(url)
    worker = this_worker("doctor", settings.airtable_base)
    return JournalProbe(
        url,
        database,
        Journal(database, worker, now=invocation.now),
        Inbox(database, worker, now=invocation.now),
        last_told(state_folder(values), database.place),
    )
