"""The faults of a story: requests to a service that fail, hang or get no answer.

They are kept in the sandbox's file, so they outlast a command and hit every program.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import unquote

from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.wire import Request, Response, json_response

SCHEMA = """
CREATE TABLE IF NOT EXISTS sandbox_faults (seq INTEGER PRIMARY KEY, fault TEXT NOT NULL);
"""
NO_ANSWER = 0
_TOO_MANY = 429


@dataclass(frozen=True)
class Fault:
    """What happens to the next `times` matching requests (None: all), after `skip` others.

    `answer` is an HTTP status, or NO_ANSWER to close the connection. If it is None, the request is
    only slow. If `applied`, the service carries the request out first.
    """

    service: str
    method: str | None
    path: str
    answer: int | None
    applied: bool
    slow_seconds: float
    skip: int
    times: int | None

    def fits(self, service: str, request: Request) -> bool:
        """Whether the fault matches this request, and is not used up."""
        return (
            self.service == service
            and self.method in (None, request.method)
            and self.path in unquote(request.path)
            and self.times != 0
        )


class Faults:
    """The faults that are still to come."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, fault: Fault) -> None:
        """Keep the fault. It counts from the next request on."""
        with self._store.write() as connection:
            text = json.dumps(asdict(fault))
            connection.execute("INSERT INTO sandbox_faults (fault) VALUES (?)", (text,))

    def answer(self, service: str, request: Request, serve: Callable[[], Response]) -> Response:
        """The answer of `serve`, unless a fault applies.

        Raises ConnectionResetError if the connection is to be closed without an answer.
        """
        fault = self._next(service, request)
        if fault is None:
            return serve()
        time.sleep(fault.slow_seconds)
        if fault.answer is None:
            return serve()
        if fault.applied:
            serve()
        if fault.answer == NO_ANSWER:
            raise ConnectionResetError("a story wants no answer to this request")
        return _refused(service, fault.answer)

    def _next(self, service: str, request: Request) -> Fault | None:
        with self._store.read() as connection:
            if connection.execute("SELECT 1 FROM sandbox_faults").fetchone() is None:
                return None
        with self._store.write() as connection:
            rows = connection.execute("SELECT seq, fault FROM sandbox_faults ORDER BY seq")
            for seq, text in rows.fetchall():
                told = json.loads(text)
                fault = Fault(**told)
                if not fault.fits(service, request):
                    continue
                key = "skip" if fault.skip else "times"
                if told[key] is not None:
                    told[key] -= 1
                    connection.execute(
                        "UPDATE sandbox_faults SET fault = ? WHERE seq = ?", (json.dumps(told), seq)
                    )
                if not fault.skip:
                    return fault
        return None


def _refused(service: str, status: int) -> Response:
    if service == "airtable":
        if status == _TOO_MANY:
            refusal = Refusal(status, "RATE_LIMIT_REACHED", "Rate limit exceeded.")
        else:
            refusal = Refusal(status, "SERVER_ERROR", "A story wants this answer.")
        return json_response(status, refusal.document)
    message = "A story wants this answer."
    if service == "venice":
        return json_response(status, {"success": False, "error": message})
    return json_response(status, {"error": {"type": "api_error", "message": message}})
