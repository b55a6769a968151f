"""`serve` tells by itself; after a process killed while it tells, nobody tells again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request, Response, json_response
from tests.end_to_end.arrivals.told import ARRIVED, is_arrival
from tests.harness.sandboxed import Recorder, Sandboxed
from tests.server.conftest import eventually, shop_in
from tests.server.events import succeeded
from tests.server.processes import ROOT, clean_environment


def told(app: SandboxApp) -> list[dict[str, Any]]:
    rows = [row["fields"] for row in app.airtable.tables.select("NOTIFICATIONS")]
    return [row for row in rows if row["Type"] == ARRIVED]


def test_serve_tells_of_an_arrival_by_itself_and_once(tmp_path: Path) -> None:
    with shop_in(tmp_path, CASCADE_ENGINE_SCHEDULE="every 1s") as shop:
        app = shop.place.app
        charge = shop.place.pay(app.now())
        for number in range(2):
            assert shop.tell(succeeded(charge, number)).status_code == 200
        shop.wait_until_dealt_with()
        assert app.engine.run().executed == [f"cascade_payment_{charge['payment_intent']}"]
        eventually(lambda: bool(told(app)))
        (row,) = told(app)
        assert row["Citizen"] == "marco"
        assert row["Content"].startswith("100 ducats have arrived (")


class Killer:
    """A sandbox that kills whoever sends the first notice of arrival, before or after taking it."""

    def __init__(self, app: SandboxApp) -> None:
        self._app = app
        self.victim: subprocess.Popen[str] | None = None
        self.applies = False

    def __call__(self, request: Request) -> Response:
        if not (self.victim and is_arrival(request)):
            return self._app.handle(request)
        self.victim.kill()
        self.victim = None
        if self.applies:
            self._app.handle(request)
        return json_response(503, {"error": {"type": "SERVICE_UNAVAILABLE"}})


class Night:
    """`reconcile --repair` as a process of its own."""

    def __init__(self, place: Sandboxed, killer: Killer, state: Path) -> None:
        self.place, self.killer = place, killer
        self._settings = place.environment(CASCADE_STATE_DIR=str(state))

    def run(self, *words: str, applies: bool | None = None) -> int:
        """Its exit code; with `applies`, it is killed at its first notice."""
        process = subprocess.Popen(
            [sys.executable, "-m", "cascade_cli", "--quiet", *words, "--yes"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=clean_environment(**self._settings),
        )
        if applies is not None:
            self.killer.victim, self.killer.applies = process, applies
        _, said = process.communicate(timeout=60)
        assert process.returncode in {0, -9}, said
        return process.returncode

    def repair(self, **killing: bool) -> int:
        """One night."""
        return self.run("reconcile", "--since", "1d", "--repair", **killing)


@pytest.fixture
def a_night(tmp_path: Path) -> Iterator[Night]:
    with closing(SandboxApp(":memory:")) as app:
        seed(app, scenario="empty", until=app.now())
        killer = Killer(app)
        recorder = Recorder(killer)
        with SandboxServer(recorder) as server:
            place = Sandboxed(app, recorder, server.url)
            place.move_in("marco", app.now())
            yield Night(place, killer, tmp_path)


@pytest.mark.parametrize("applies", [False, True], ids=["before", "after"])
def test_killed_while_it_tells_before_or_after_the_notice_is_taken_nobody_tells_again(
    a_night: Night, applies: bool
) -> None:
    app = a_night.place.app
    reason = ("--reason", "gift", "--reference", "r1")
    assert a_night.run("credit", "marco", "5", *reason) == 0
    assert app.engine.run().executed == ["cascade_manual_r1"]
    assert a_night.repair(applies=applies) == -9
    assert a_night.repair() == 0
    assert len(told(app)) == applies
    sent = [request for request in a_night.place.recorder.requests if is_arrival(request)]
    assert len(sent) == 1
