"""Payments that arrive evenly take so few requests that crediting keeps up; in full: even.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.stripe.events import to_event
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from tests.harness.sandboxed import Sandboxed, served
from tests.server.conftest import shop_at

A_SECOND = 10
PAYMENTS = 50
"""What has come together after five seconds: a little more than what it settles down to."""


@pytest.fixture
def place() -> Iterator[Sandboxed]:
    with closing(SandboxApp(":memory:")) as app, served(app) as place:
        seed(app, scenario="empty", until=app.now())
        for number in range(PAYMENTS):
            place.move_in(f"citizen{number}", app.now())
        yield place


def test_ten_payments_a_second_take_fewer_than_five_requests_a_second_to_airtable(
    place: Sandboxed, tmp_path: Path
) -> None:
    _accept(place, tmp_path)
    with shop_at(place, tmp_path) as shop:
        assert shop.wait_until_dealt_with() == {"credited": 2 * PAYMENTS}
        airtable, stripe = place.recorder.to("airtable"), place.recorder.to("stripe")
    assert len(airtable) <= 0.38 * PAYMENTS, [request.path for request in airtable]
    assert len(stripe) <= 0.1 * PAYMENTS, [request.path for request in stripe]


def _accept(place: Sandboxed, folder: Path) -> None:
    """Two events of each payment, kept before anybody credits."""
    begin = place.app.now() - timedelta(seconds=PAYMENTS / A_SECOND)
    events = []
    for number in range(PAYMENTS):
        at = begin + timedelta(seconds=number / A_SECOND)
        charge = place.pay(at, f"citizen{number}", ducats="5", cents=50)
        for name in ("payment_intent.succeeded", "charge.succeeded"):
            document = {
                "id": f"evt_{name[:2]}{number}",
                "type": name,
                "livemode": False,
                "created": int(at.timestamp()),
                "data": {"object": charge},
            }
            events.append(to_event(document, b"{}"))
    worker = Worker("run-before", "till", 1, "anna", "serve")
    with closing(Database(f"sqlite:///{folder}/journal.sqlite3")) as database:
        Inbox(database, worker, now=place.app.now).accept(events)
