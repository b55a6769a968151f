"""A service that hears alerts and pings over HTTP, and answers as a test wants it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "t0ken-of-the-chat"


@dataclass(frozen=True)
class Heard:
    """One request: its method, its path with the query, and its body."""

    method: str
    path: str
    body: str

    @property
    def alert(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document


class Listener:
    """What was heard so far; `statuses` are answered one after another, then 200 for ever."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.statuses: list[int] = []
        self.heard: list[Heard] = []

    @property
    def address(self) -> str:
        """As Apprise writes it, with the secret in its path."""
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{SECRET}"

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts since the last call."""
        alerts = [heard.alert for heard in self.heard if heard.method == "POST"]
        self.heard = [heard for heard in self.heard if heard.method != "POST"]
        return alerts

    def pings(self) -> list[str]:
        """The paths that were asked for, without the secret."""
        return [h.path.removeprefix(f"/{SECRET}") for h in self.heard if h.method == "GET"]


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            return

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            listener.heard.append(Heard(self.command, self.path, body))
            self.send_response(listener.statuses.pop(0) if listener.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
