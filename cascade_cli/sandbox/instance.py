"""Finds the sandbox's state and a sandbox that is running, and opens or serves one."""

from __future__ import annotations

import http.client
import json
import os
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import NAME, SandboxApp
from cascade_cli.sandbox.clock import CLOCK_FILE, ClockFileError, SandboxClock
from cascade_cli.sandbox.seed import seed_once
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.stripe import WebhookLoop
from cascade_cli.sandbox.wire import Clock

__all__ = ["ClockFileError"]

STATE_FILE = "sandbox.sqlite3"
RUNNING_FILE = "sandbox.json"
WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105 - public, and no real secret
HEALTH_TIMEOUT_SECONDS = 2.0


class SandboxRunningError(Exception):
    """The state is in use by a running sandbox; nothing was changed."""


@dataclass(frozen=True)
class Running:
    """A sandbox that another process serves."""

    url: str
    pid: int


@dataclass(frozen=True)
class Connection:
    """What a client needs to talk to the sandbox at `url`."""

    url: str

    def settings(self) -> dict[str, str]:
        """The settings by the name of their environment variable. None of the keys is real."""
        return {
            "STRIPE_SECRET_KEY": "sk_test_sandbox",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": f"{self.url}/stripe",
            "AIRTABLE_API_KEY": "patSandbox.sandbox",
            "AIRTABLE_BASE_ID": BASE_ID,
            "AIRTABLE_ENDPOINT_URL": f"{self.url}/airtable",
            "VENICE_API_URL": f"{self.url}/venice",
        }


def state_dir(environ: Mapping[str, str]) -> Path:
    """CASCADE_STATE_DIR if it is set, otherwise the user's state folder for cascade."""
    chosen = environ.get("CASCADE_STATE_DIR")
    return Path(chosen) if chosen else platformdirs.user_state_path("cascade")


def state_path(folder: Path) -> Path:
    """The SQLite file within a state folder."""
    return folder / STATE_FILE


def clock_of(folder: Path) -> SandboxClock:
    """The clock of the sandbox in a state folder, shared by all processes."""
    return SandboxClock(folder)


def find_running(folder: Path) -> Running | None:
    """The running sandbox that uses this folder's state, or None.

    The file that a dead process left behind does not count: the sandbox itself must answer.
    """
    try:
        document = json.loads((folder / RUNNING_FILE).read_text(encoding="utf-8"))
        running = Running(str(document["url"]), int(document["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found = _identity(running.url)
    expected = {"name": NAME, "pid": running.pid, "state": str(state_path(folder).resolve())}
    is_it = isinstance(found, dict) and found.items() >= expected.items()
    return running if is_it else None


def rates(url: str) -> dict[str, str]:
    """Settings that keep a client within the rates of the sandbox at `url`; 0 means no limit."""
    found = _identity(url)
    told = found.get("rates", {}) if isinstance(found, dict) else {}
    services = {"CASCADE_STRIPE_RATE": "stripe", "CASCADE_AIRTABLE_RATE": "airtable"}
    return {name: f"{told.get(service) or 0:g}" for name, service in services.items()}


def reset(folder: Path) -> None:
    """Delete the state. Raises SandboxRunningError, and removes nothing, while a sandbox runs."""
    running = find_running(folder)
    if running:
        raise SandboxRunningError(
            f"a sandbox is running at {running.url} (process {running.pid}); "
            "nothing was removed: stop it first"
        )
    for name in (STATE_FILE, f"{STATE_FILE}-wal", f"{STATE_FILE}-shm", RUNNING_FILE, CLOCK_FILE):
        (folder / name).unlink(missing_ok=True)


@contextmanager
def open_sandbox(
    folder: Path, *, now: Clock | None = None, scenario: str | None = "week"
) -> Iterator[str]:
    """Yield the URL of the running sandbox, or of one embedded here until the block ends.

    An embedded sandbox that was never used is first seeded with `scenario`, unless that is None.
    Its time is the folder's, unless `now` gives another.
    """
    now = now or clock_of(folder)
    running = find_running(folder)
    if running:
        yield running.url
        return
    with closing(SandboxApp(state_path(folder), now=now)) as app:
        if scenario is not None:
            seed_once(app, scenario=scenario, until=now())
        with SandboxServer(app.handle) as server:
            yield server.url


@contextmanager
def serving(
    app: SandboxApp, folder: Path, *, port: int = 0, engine_every: float | None = None
) -> Iterator[str]:
    """Serve `app` so that `find_running` finds it, and deliver Stripe's events to its webhooks.

    The engine runs every `engine_every` seconds, or not at all if that is None.

    Raises SandboxRunningError if another sandbox is served from the same folder.
    """
    running = find_running(folder)
    if running:
        raise SandboxRunningError(f"a sandbox is already running at {running.url}")
    engine = EngineLoop(app, engine_every) if engine_every else nullcontext()
    sender = WebhookLoop(app.webhooks, app.crashes)
    server = SandboxServer(app.handle, port)
    with server, engine, sender, _announced(folder, server.url):
        yield server.url


class EngineLoop:
    """Runs the engine in the background every `seconds`, as a context manager."""

    def __init__(self, app: SandboxApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> EngineLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self._app.run_engine()
            except Exception:  # noqa: BLE001 - one broken run must not end the schedule
                self._app.crashes.append(traceback.format_exc())


@contextmanager
def _announced(folder: Path, url: str) -> Iterator[None]:
    running = Running(url, os.getpid())
    file = folder / RUNNING_FILE
    # Rename a finished draft, so that no other process reads half a file.
    draft = file.with_suffix(f".{running.pid}")
    draft.write_text(json.dumps(asdict(running)), encoding="utf-8")
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _identity(url: str) -> Any:
    """The /healthz document of the server at `url`, or None. Uses no proxy: this is loopback."""
    address = urlsplit(url)
    try:
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=HEALTH_TIMEOUT_SECONDS
        )
        with closing(connection):
            connection.request("GET", "/healthz")
            return json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
