"""Wires settings to what doctor looks with: transports that only read, and give up soon."""

from __future__ import annotations

from collections.abc import Mapping

from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.inspection import JournalProbe
from cascade_cli.adapters.pacing import Pacer
from cascade_cli.adapters.probing import ProbingTransport
from cascade_cli.adapters.service_clock import ServiceClock
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.stripe.probes import AccountProbe
from cascade_cli.adapters.transport import utc_now
from cascade_cli.adapters.venice.base import airtable_api
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.probes import BaseProbe, OlderReader
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.adapters.venice.web_api import VeniceApi
from cascade_cli.bootstrap import AIRTABLE_LOCKOUT_SECONDS, HEADROOM, STRIPE_LOCKOUT_SECONDS
from cascade_cli.cli.journal_place import JOURNAL, SANDBOX_JOURNAL
from cascade_cli.cli.session import Session
from cascade_cli.cli.writing import this_worker
from cascade_cli.errors import SettingsError
from cascade_cli.services.doctor_instruments import Instruments
from cascade_cli.settings import Settings, state_folder


def instruments(session: Session, settings: Settings, values: Mapping[str, str]) -> Instruments:
    """Connects nothing yet. `values` tell the state folder."""
    clock = ServiceClock(utc_now)
    stripe = _transport(session, "Stripe", settings.stripe_rate, STRIPE_LOCKOUT_SECONDS, clock)
    airtable = _transport(
        session, "Airtable", settings.airtable_rate, AIRTABLE_LOCKOUT_SECONDS, clock
    )
    api = airtable_api(settings.airtable_key.reveal(), settings.airtable_url, airtable)
    base, username = settings.airtable_base, settings.processor
    venice_key = settings.venice_key.reveal() if settings.venice_key else ""
    venice = _transport(session, "Venice", 0, STRIPE_LOCKOUT_SECONDS)
    client = stripe_client(settings.stripe_key.reveal(), settings.stripe_url, stripe)
    return Instruments(
        settings=settings,
        account=AccountProbe(client),
        base=BaseProbe(api, base),
        citizens=CitizenReader(api, base),
        transfers=TransferReader(api, base, username),
        older=OlderReader(api, base, username),
        venice=VeniceApi(settings.venice_url, venice_key, venice),
        journal=_journal(session, settings, values),
        clocks=(("Stripe", stripe), ("Airtable", airtable)),
        transports=(stripe, airtable, venice),
        now=clock.now,
    )


def _transport(
    session: Session,
    service: str,
    rate: float,
    lockout_seconds: float,
    clock: ServiceClock | None = None,
) -> ProbingTransport:
    return ProbingTransport(
        Pacer(rate * HEADROOM),
        lockout_seconds=lockout_seconds,
        tell=lambda message: session.say(f"{service}: {message}"),
        clock=clock,
        service=service,
    )


def _journal(
    session: Session, settings: Settings, values: Mapping[str, str]
) -> JournalProbe | SettingsError:
    file = state_folder(values) / (SANDBOX_JOURNAL if session.sandbox else JOURNAL)
    url = settings.journal_url.reveal() if settings.journal_url else f"sqlite:///{file}"
    try:
        database = Database(url)
    except SettingsError as error:
        return error
    worker = this_worker("doctor")
    return JournalProbe(
        url,
        database,
        Journal(database, worker, now=utc_now),
        Inbox(database, worker, now=utc_now),
    )
