"""Airtable's lock-out in the middle of writing: wait it out, repeat nothing, lose nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.transport import Transport, utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.venice.reader import airtable_api
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.errors import ThrottledError
from cascade_cli.sandbox.wire import json_response
from cascade_cli.services.delivery.credit_requests import manual_order
from cascade_cli.services.delivery.credit_service import CreditService
from cascade_cli.settings import Settings
from cascade_cli.wiring import this_worker
from cascade_cli.wiring.reading import AIRTABLE_LOCKOUT_SECONDS, Wiring
from cascade_cli.wiring.writing import wire_writing
from tests.harness.counter import Counter
from tests.harness.faults import Which, is_create, is_update, throttled
from tests.harness.sandboxed import wire

QUOTA = json_response(
    429, {"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "gone"}]}
)


@dataclass
class PatientService:
    """A service whose pacer sleeps in no time, and keeps account of it."""

    service: CreditService
    pauses: list[float]

    def credit(self) -> Delivery:
        """5 ducats for marco, always the same."""
        order = manual_order("marco", Decimal(5), reason="gift", reference="r1", facts={})
        return self.service.carry_out(self.service.plan([order]))[0]


@pytest.fixture
def patient(counter: Counter, tmp_path: Path) -> Iterator[PatientService]:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        time.sleep(seconds)

    pacer = Pacer(0, clock=lambda: sum(pauses), sleep=sleep)
    url = f"sqlite:///{tmp_path}/journal.sqlite3"
    with closing(Journal(url, this_worker("test"), now=utc_now)) as journal:
        writing = wire_writing(_wiring(counter, pacer), journal, lambda _message: None)
        yield PatientService(writing.service, pauses)


def _wiring(counter: Counter, pacer: Pacer) -> Wiring:
    settings = Settings.read(counter.environment())
    transport = Transport(pacer, lockout_seconds=AIRTABLE_LOCKOUT_SECONDS)
    api = airtable_api(settings.airtable_key.reveal(), settings.airtable_url, transport)
    transfers = TransferReader(api, settings.airtable_base, settings.processor)
    usual = wire(counter.environment())
    return replace(usual, airtable=transport, api=api, transfers=transfers)


@pytest.mark.parametrize("fits", [is_create, is_update])
def test_a_locked_out_write_is_sent_again_after_the_lock_out(
    counter: Counter, patient: PatientService, fits: Which
) -> None:
    counter.network.break_(fits, throttled(), times=2)
    assert patient.credit().result is Result.CREDITED
    assert sum(patient.pauses) >= 2 * 30
    assert counter.row("cascade_manual_r1")["Status"] == "active"


def test_a_lock_out_that_does_not_end_is_given_up_and_the_next_run_finishes(
    counter: Counter, patient: PatientService
) -> None:
    counter.network.break_(is_update, throttled(), times=99)
    delivery = patient.credit()
    assert delivery.result is Result.FAILED
    assert isinstance(delivery.error, ThrottledError)
    assert len([request for request in counter.writes if is_update(request)]) == 5
    counter.network.heal()
    assert patient.credit().result is Result.CREDITED
    assert counter.row("cascade_manual_r1")["Status"] == "active"


def test_a_quota_that_is_used_up_is_not_waited_for(counter: Counter) -> None:
    counter.network.break_(is_create, QUOTA, times=99)
    answer = counter.credit("marco", "5", "--reference", "r1")
    assert answer.code == 5
    assert "Waiting does not help" in answer.err
    assert len([request for request in counter.writes if is_create(request)]) == 1
