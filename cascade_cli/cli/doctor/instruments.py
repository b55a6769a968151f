"""Wires settings to what doctor looks with: transports that only read, and give up soon."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import URL

from cascade_cli.adapters.http.pacing import Pacer, Pacing
from cascade_cli.adapters.http.probing import ProbingTransport
from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database, file_url, parse_url
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.inspection import JournalProbe
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.stripe.probes import AccountProbe
from cascade_cli.adapters.venice.base import airtable_api
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.probes import BaseProbe, LegacyReader
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.adapters.venice.web_api import VeniceApi
from cascade_cli.bootstrap import (
    AIRTABLE_LOCKOUT_SECONDS,
    STRIPE_LOCKOUT_SECONDS,
    airtable_service,
    stripe_service,
)
from cascade_cli.cli.context.journal_location import JOURNAL, SANDBOX_JOURNAL
from cascade_cli.cli.context.pace_location import kept_pace
from cascade_cli.cli.context.told_heads import last_told
from cascade_cli.cli.context.write_context import this_worker
from cascade_cli.cli.terminal.session import Session
from cascade_cli.errors import SettingsError
from cascade_cli.services.doctor_instruments import Instruments
from cascade_cli.settings import Settings
from cascade_cli.settings.place import state_folder


def instruments(session: Session, settings: Settings, values: Mapping[str, str]) -> Instruments:
    """Connects nothing yet. `values` tell the state folder."""
    clock = ServiceClock(utc_now)
    pacing = Pacing(partial(kept_pace, session, settings))
    tell_stripe, tell_airtable = (
        partial(_tell, session, "Stripe"),
        partial(_tell, session, "Airtable"),
    )
    stripe = ProbingTransport(
        pacing.of(stripe_service(settings), settings.stripe_rate, tell_stripe),
        lockout_seconds=STRIPE_LOCKOUT_SECONDS,
        tell=tell_stripe,
        clock=clock,
        service="Stripe",
    )
    airtable = ProbingTransport(
        pacing.of(airtable_service(settings), settings.airtable_rate, tell_airtable),
        lockout_seconds=AIRTABLE_LOCKOUT_SECONDS,
        tell=tell_airtable,
        clock=clock,
        service="Airtable",
    )
    api = airtable_api(settings.airtable_key.reveal(), settings.airtable_url, airtable)
    base, username = settings.airtable_base, settings.processor
    venice_key = settings.venice_key.reveal() if settings.venice_key else ""
    venice = ProbingTransport(
        Pacer(0),
        lockout_seconds=STRIPE_LOCKOUT_SECONDS,
        tell=partial(_tell, session, "Venice"),
        service="Venice",
    )
    client = stripe_client(settings.stripe_key.reveal(), settings.stripe_url, stripe)
    return Instruments(
        settings=settings,
        account=AccountProbe(client),
        base=BaseProbe(api, base),
        citizens=CitizenReader(api, base),
        transfers=TransferReader(api, base, username),
        older=LegacyReader(api, base, username),
        venice=VeniceApi(settings.venice_url, venice_key, venice),
        journal=_journal(session, settings, values),
        clocks=(("Stripe", stripe), ("Airtable", airtable)),
        transports=(stripe, airtable, venice),
        now=clock.now,
    )


def _tell(session: Session, service: str, message: str) -> None:
    session.say(f"{service}: {message}")


def _journal(
    session: Session, settings: Settings, values: Mapping[str, str]
) -> JournalProbe | SettingsError:
    try:
        url = _journal_url(session, settings, values)
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


def _journal_url(session: Session, settings: Settings, values: Mapping[str, str]) -> URL:
    if settings.journal_url:
        return parse_url(settings.journal_url.reveal())
    return file_url(state_folder(values) / (SANDBOX_JOURNAL if session.sandbox else JOURNAL))
