"""Finding, serving, embedding and resetting the sandbox."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.clock import utc_now
from cascade_cli.sandbox.instance import (
    Running,
    SandboxRunningError,
    find_running,
    open_sandbox,
    reset,
    serving,
    state_dir,
    state_path,
)
from cascade_cli.sandbox.seed import SeedReport, seed, seed_once
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.wire import Request, json_response


@pytest.fixture
def app(tmp_path: Path) -> Iterator[SandboxApp]:
    app = SandboxApp(state_path(tmp_path))
    yield app
    app.close()


def payments(app: SandboxApp) -> int:
    with app.store.read() as connection:
        query = "SELECT count(*) FROM stripe_objects WHERE object = 'payment_intent'"
        return int(connection.execute(query).fetchone()[0])


def test_the_state_folder_is_the_one_of_the_environment(tmp_path: Path) -> None:
    assert state_dir({"CASCADE_STATE_DIR": str(tmp_path)}) == tmp_path


def test_without_one_it_is_the_users_own() -> None:
    assert state_dir({}).name == "cascade"
    assert state_dir({"CASCADE_STATE_DIR": ""}) == state_dir({})


def test_a_served_sandbox_is_found_until_it_ends(tmp_path: Path, app: SandboxApp) -> None:
    with serving(app, tmp_path) as url:
        assert find_running(tmp_path) == Running(url, os.getpid())
    assert find_running(tmp_path) is None
    assert not (tmp_path / "sandbox.json").exists()


def test_none_is_found_in_an_empty_folder(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"url": "", "pid": 1}', '{"url": 1, "pid": []}']
)
def test_a_broken_file_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "sandbox.json").write_text(text)
    assert find_running(tmp_path) is None


def test_a_stale_file_whose_server_is_gone_is_ignored(tmp_path: Path) -> None:
    with SandboxServer(lambda _: json_response(200, {})) as server:
        url = server.url
    announce(tmp_path, url, os.getpid())
    assert find_running(tmp_path) is None


def test_a_stale_file_whose_port_somebody_else_took_is_ignored(tmp_path: Path) -> None:
    with SandboxServer(lambda _: json_response(200, {"name": "another"})) as server:
        announce(tmp_path, server.url, os.getpid())
        assert find_running(tmp_path) is None


def test_a_sandbox_over_another_folders_state_is_not_ours(tmp_path: Path, app: SandboxApp) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with serving(app, tmp_path) as url:
        announce(other, url, os.getpid())
        assert find_running(other) is None


def announce(folder: Path, url: str, pid: int) -> None:
    (folder / "sandbox.json").write_text(json.dumps({"url": url, "pid": pid}))


def test_a_second_one_is_not_served_beside_the_first(tmp_path: Path, app: SandboxApp) -> None:
    with serving(app, tmp_path), pytest.raises(SandboxRunningError, match="already running"):
        serving(app, tmp_path).__enter__()


def test_opening_uses_the_one_that_runs(tmp_path: Path, app: SandboxApp) -> None:
    with serving(app, tmp_path) as served, open_sandbox(tmp_path) as opened:
        assert opened == served


def test_opening_embeds_and_seeds_on_first_use_only(tmp_path: Path) -> None:
    counts = []
    for _ in range(2):
        with open_sandbox(tmp_path), closing(SandboxApp(state_path(tmp_path))) as app:
            counts.append(payments(app))
    assert counts[0] > 200
    assert counts[1] == counts[0]


def test_what_was_seeded_otherwise_is_not_seeded_again(app: SandboxApp) -> None:
    seed(app, scenario="empty", until=app.now())
    assert seed_once(app, until=app.now()) is None
    with pytest.raises(ValueError, match="holds data already"):
        seed(app, until=app.now())


def test_two_processes_at_once_seed_only_once(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from cascade_cli.sandbox.instance import open_sandbox\n"
        "with open_sandbox(pathlib.Path(sys.argv[1])): pass"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert errors == ["", ""]
    with closing(SandboxApp(state_path(tmp_path))) as app, app.store.read() as connection:
        assert connection.execute("SELECT count(*) FROM sandbox_seeding").fetchone() == (1,)


def test_who_waits_for_anothers_seeding_does_not_seed(tmp_path: Path, app: SandboxApp) -> None:
    reports: list[SeedReport | None] = []
    with closing(SandboxApp(state_path(tmp_path))) as other:
        waiting = threading.Thread(target=lambda: reports.append(seed_once(other, until=utc_now())))
        with app.store.write():
            seed(app, scenario="empty", until=utc_now())
            waiting.start()
            # Long enough to find the state still unused, and to wait for the lock.
            time.sleep(0.2)
        waiting.join()
    assert reports == [None]


def test_reset_forgets_everything(tmp_path: Path) -> None:
    with open_sandbox(tmp_path, scenario="empty"):
        pass
    reset(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_reset_of_what_was_never_used_does_nothing(tmp_path: Path) -> None:
    reset(tmp_path / "never")


def test_reset_refuses_while_one_is_running(tmp_path: Path, app: SandboxApp) -> None:
    with serving(app, tmp_path), pytest.raises(SandboxRunningError, match="nothing was removed"):
        reset(tmp_path)
    assert state_path(tmp_path).exists()


def test_the_engine_runs_by_itself_while_serving(tmp_path: Path, app: SandboxApp) -> None:
    seed(app, scenario="empty", until=utc_now())
    row = order(app)
    with serving(app, tmp_path, engine_every=0.02):
        assert eventually_executed(app, row)
    assert app.crashes == []


def test_a_broken_run_is_kept_as_a_crash_and_the_next_one_comes(tmp_path: Path) -> None:
    broken: list[str] = []

    def clock() -> datetime:
        if broken:
            raise RuntimeError(broken[0])
        return utc_now()

    with closing(SandboxApp(state_path(tmp_path), now=clock)) as app:
        seed(app, scenario="empty", until=utc_now())
        row = order(app)
        broken.append("the clock stands still")
        with serving(app, tmp_path, engine_every=0.02):
            assert eventually(lambda: bool(app.crashes))
            broken.clear()
            assert eventually_executed(app, row)
    assert "the clock stands still" in app.crashes[0]


def order(app: SandboxApp) -> str:
    fields = {
        "StratagemId": "one",
        "Type": "transfer_ducats",
        "ExecutedBy": "CASCADE_PAYMENT_PROCESSOR",
        "TargetCitizen": "NLR",
        "Status": "active",
        "ExpiresAt": (utc_now() + timedelta(hours=1)).isoformat(),
        "Notes": '{"amount": 1}',
    }
    return str(app.airtable.tables.create("STRATAGEMS", fields)["id"])


def eventually_executed(app: SandboxApp, row: str) -> bool:
    def status() -> str:
        return str(app.airtable.tables.get("STRATAGEMS", row)["fields"]["Status"])

    return eventually(lambda: status() == "executed")


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not condition():
        time.sleep(0.01)
    return condition()


def test_health_is_told_over_http(tmp_path: Path, app: SandboxApp) -> None:
    identity = json.loads(app.handle(Request("GET", "/healthz")).body)
    assert identity["state"] == str(state_path(tmp_path).resolve())


def test_who_opens_a_new_file_while_another_makes_it_waits(tmp_path: Path) -> None:
    path = state_path(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as maker:
        maker.execute("BEGIN IMMEDIATE")
        threading.Timer(0.5, maker.execute, ["COMMIT"]).start()
        store = Store(path, "CREATE TABLE IF NOT EXISTS citizens (name)")
        with closing(store), store.read() as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
