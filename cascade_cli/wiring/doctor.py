"""Wires settings to doctor's instruments. Their transports only read, and give up soon."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import URL

from cascade_cli.adapters.http.pacing import Pacer, Pacing
from cascade_cli.adapters.http.probing import ProbingTransport
from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database, file_url, parse_url
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.inspection import JournalProbe
from cascade_cli.adapters.journal.told_heads import last_told
from cascade_cli.adapters.stripe.probes import AccountProbe
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.probes import BaseProbe, LegacyReader
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.adapters.venice.web_api import VeniceApi
from cascade_cli.errors import SettingsError
from cascade_cli.services.doctor import Instruments
from cascade_cli.settings import Settings
from cascade_cli.settings.place import state_folder
from cascade_cli.wiring import Invocation
from cascade_cli.wiring.connection import kept_pace
from cascade_cli.wiring.journal import default_file
from cascade_cli.wiring.reading import STRIPE_LOCKOUT_SECONDS, connect
from cascade_cli.wiring.worker import this_worker


def instruments(
    invocation: Invocation, settings: Settings, values: Mapping[str, str]
) -> Instruments:
    """Sends nothing yet. `values` tell where the state folder is."""
    pacing = Pacing(partial(kept_pace, invocation, settings))
    connections = connect(settings, invocation.say, pacing, ProbingTransport)
    venice = ProbingTransport(
        Pacer(0),
        lockout_seconds=STRIPE_LOCKOUT_SECONDS,
        tell=lambda message: invocation.say(f"Venice: {message}"),
        service="Venice",
    )
    venice_key = settings.venice_key.reveal() if settings.venice_key else ""
    api, base, processor = connections.api, settings.airtable_base, settings.processor
    return Instruments(
        settings=settings,
        account=AccountProbe(connections.client),
        base=BaseProbe(api, base),
        citizens=CitizenReader(api, base),
        transfers=TransferReader(api, base, processor),
        legacy=LegacyReader(api, base, processor),
        venice=VeniceApi(settings.venice_url, venice_key, venice),
        journal=_journal(invocation, settings, values),
        clocks=(("Stripe", connections.stripe), ("Airtable", connections.airtable)),
        transports=(connections.stripe, connections.airtable, venice),
        now=connections.clock.now,
    )


def _journal(
    invocation: Invocation, settings: Settings, values: Mapping[str, str]
) -> JournalProbe | SettingsError:
    try:
        url = _journal_url(invocation, settings, values)
    except SettingsError as error:
        return error
    database = Database(url)
    worker = this_worker("doctor", settings.airtable_base)
    return JournalProbe(
        url,
        database,
        Journal(database, worker, now=utc_now),
        Inbox(database, worker, now=utc_now),
        last_told(state_folder(values), database.place),
    )


def _journal_url(invocation: Invocation, settings: Settings, values: Mapping[str, str]) -> URL:
    if settings.journal_url:
        return parse_url(settings.journal_url.reveal())
    return file_url(default_file(invocation, state_folder(values)))
