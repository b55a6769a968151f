"""Of several servers on one journal one credits, all say which, and another goes on after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import EntryKind, Worker
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from cascade_cli.sandbox.wire import json_response
from cascade_cli.server.worker import STANDBY_SECONDS
from cascade_cli.wiring.writing import worker_lock
from tests.harness.postgresql import PostgresqlServer
from tests.harness.sandboxed import Sandboxed, served
from tests.server.conftest import Shop, eventually, shop_at
from tests.server.events import paid, succeeded
from tests.server.takeover import play

THIEF = Worker("run-thief", "till-2", 7, "anna", "serve")


@pytest.fixture
def place() -> Iterator[Sandboxed]:
    with closing(SandboxApp(":memory:")) as app, served(app) as place:
        seed(app, scenario="empty", until=app.now())
        place.move_in("marco", app.now())
        yield place


def _worker(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.client.get("/readyz").json()["parts"]["worker"]
    return found


def _events(shop: Shop) -> tuple[bool, int, int, float]:
    found = shop.client.get("/readyz").json()["parts"]["events"]
    return found["ok"], found["waiting"], found["due"], found["oldest_due_seconds"]


@pytest.mark.long
def test_a_killed_or_stopped_server_on_postgresql_is_followed_by_another_within_a_minute(
    tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    takeover = play(tmp_path, postgresql.new_url(), events=20)
    assert takeover.is_whole, takeover


def test_all_servers_say_which_one_credits_and_are_ready(place: Sandboxed, tmp_path: Path) -> None:
    with shop_at(place, tmp_path) as first:
        eventually(lambda: _worker(first).get("here") is True)
        with shop_at(place, tmp_path, run="run-second") as second:
            eventually(lambda: bool(second.said))
            said = [_worker(shop) for shop in (first, second)]
            assert all(shop.client.get("/readyz").json()["ready"] for shop in (first, second))
    here = [worker.pop("here") for worker in said]
    assert (here, said[0]) == ([True, False], said[1])
    assert (said[0]["ok"], said[0]["host"], said[0]["pid"]) == (True, "till", 1)
    assert said[0]["since"].endswith("Z")
    assert second.said == [
        "another cascade serve is crediting; this one takes over when that stops"
    ]


def test_what_another_server_accepts_is_credited_by_the_one_that_does(
    place: Sandboxed, tmp_path: Path
) -> None:
    with shop_at(place, tmp_path) as first:
        eventually(lambda: first.app_state.worker.leads)
        with shop_at(place, tmp_path, run="run-second") as second:
            second.tell(succeeded(paid(place.app, "marco")))
            assert second.wait_until_dealt_with() == {"credited": 1}
            assert not second.app_state.worker.leads
    assert "events: 1 credited" in first.said


def test_a_server_that_is_told_to_stop_hands_over_at_once(place: Sandboxed, tmp_path: Path) -> None:
    with ExitStack() as first, shop_at(place, tmp_path, run="run-second") as second:
        # The one that was first has to be gone first.
        eventually(lambda: second.app_state.worker.leads)
        third = first.enter_context(shop_at(place, tmp_path, run="run-third"))
        second.app_state.worker.__exit__()
        began = time.monotonic()
        eventually(lambda: third.app_state.worker.leads)
        assert time.monotonic() - began < 2 * STANDBY_SECONDS
        third.tell(succeeded(paid(place.app, "marco")))
        assert third.wait_until_dealt_with() == {"credited": 1}
    journal = Journal(f"sqlite:///{tmp_path}/journal.sqlite3", THIEF, now=utc_now)
    with closing(journal):
        assert not [e for e in journal.entries() if e.kind is EntryKind.TAKEOVER]


def test_a_server_whose_place_was_taken_in_the_middle_writes_nothing_more(
    place: Sandboxed, tmp_path: Path
) -> None:
    with ExitStack() as thief, shop_at(place, tmp_path) as shop:
        eventually(lambda: shop.app_state.worker.leads)
        journal = Journal(
            f"sqlite:///{tmp_path}/journal.sqlite3",
            THIEF,
            now=lambda: utc_now() + timedelta(minutes=1),
        )
        lock = worker_lock(journal, BASE_ID)
        thief.callback(journal.close)

        def take_its_place() -> None:
            thief.enter_context(lock)

        # The next request asks Stripe for the payment.
        place.recorder.before(len(place.recorder.requests) + 1, take_its_place)
        shop.tell(succeeded(paid(place.app, "marco")))
        eventually(lambda: not shop.app_state.worker.leads)
        time.sleep(2.0)
        assert [r.method for r in place.recorder.to("airtable") if r.method != "GET"] == []
        assert (_worker(shop)["ok"], _worker(shop)["host"], shop.counts()) == (
            True,
            "till-2",
            {"waiting": 1},
        )
        thief.close()
        assert shop.wait_until_dealt_with() == {"credited": 1}
        assert len(shop.stratagems()) == 1


def test_a_server_that_cannot_credit_leaves_the_place_to_one_that_can(
    place: Sandboxed, tmp_path: Path
) -> None:
    with shop_at(place, tmp_path, CASCADE_PROCESSOR="Nobody") as first:
        eventually(lambda: first.app_state.worker.leads)
        with shop_at(place, tmp_path, run="run-second") as second:
            second.tell(succeeded(paid(place.app, "marco")))
            assert second.wait_until_dealt_with() == {"credited": 1}
            assert second.app_state.worker.leads


@pytest.mark.long
def test_whether_events_wait_is_told_where_all_is_well_too(
    place: Sandboxed, tmp_path: Path
) -> None:
    with shop_at(place, tmp_path) as shop:
        eventually(lambda: shop.app_state.worker.leads)
        assert _events(shop) == (True, 0, 0, 0.0)
        place.recorder.break_from("airtable", 1, json_response(503, {}))
        shop.tell(succeeded(paid(place.app, "marco")))
        eventually(lambda: shop.app_state.worker.pause is not None)
        ok, waiting, due, seconds = _events(shop)
        assert (ok, waiting, due) == (True, 1, 1)
        assert 0 < seconds < 60
