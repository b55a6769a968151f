"""Several commands at once ask one base no more often than it allows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection
from cascade_cli.sandbox.seed import seed
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request, Response
from tests.harness.commands import in_a_process
from tests.harness.postgresql import PostgresqlServer

RATE = 10
COMMANDS = (
    ("reconcile", "--since", "8d", "--json"),
    ("reconcile", "--since", "8d", "--csv"),
    ("status", "--since", "8d", "--json"),
)


class Counting:
    """How often each answer was given."""

    def __init__(self, app: SandboxApp) -> None:
        self._app, self.statuses = app, list[int]()

    def handle(self, request: Request) -> Response:
        response = self._app.handle(request)
        self.statuses.append(response.status)
        return response


def test_the_engine_is_not_refused_beside_them(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with closing(SandboxApp(":memory:", airtable_rate=RATE, latency_seconds=0.05)) as app:
        seed(app, payments=500, until=now)
        with SandboxServer(app.handle) as server, ThreadPoolExecutor(len(COMMANDS)) as pool:
            settings = {
                **Connection(server.url).settings(),
                "CASCADE_AIRTABLE_RATE": str(RATE),
                "CASCADE_ENGINE_SCHEDULE": f"{now:%H:%M} UTC",
            }
            ends = [pool.submit(in_a_process, tmp_path, *c, **settings) for c in COMMANDS]
            while not all(end.done() for end in ends):
                with suppress(Refusal):
                    app.run_engine()
    assert [end.result().code for end in ends] == [3, 3, 3]
    assert app.engine_requests > RATE
    assert app.engine_refused == 0


@pytest.mark.parametrize("machines", [1, 3])
def test_commands_at_once_are_never_locked_out(
    tmp_path: Path, postgresql: PostgresqlServer, machines: int
) -> None:
    """On one machine, and on several with a state folder each that share a PostgreSQL journal."""
    journal = {"CASCADE_JOURNAL_URL": postgresql.new_url()} if machines > 1 else {}
    with closing(SandboxApp(":memory:", airtable_rate=RATE, latency_seconds=0.05)) as app:
        seed(app, payments=500, until=datetime.now(UTC))
        counting = Counting(app)
        with SandboxServer(counting.handle) as server:
            settings = {**Connection(server.url).settings(), "CASCADE_AIRTABLE_RATE": str(RATE)}

            def run(number: int, words: Sequence[str]) -> int:
                machine = tmp_path / str(number % machines)
                machine.mkdir(exist_ok=True)
                return in_a_process(machine, *words, **settings, **journal).code

            with ThreadPoolExecutor(len(COMMANDS)) as pool:
                codes = list(pool.map(run, range(len(COMMANDS)), COMMANDS))
    assert (codes, counting.statuses.count(429)) == ([3, 3, 3], 0)
