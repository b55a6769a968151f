"""Serves a sandbox handler on a loopback socket."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from cascade_cli.sandbox.wire import Handler, Request, Response


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    handler: Handler

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up; report every other error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Nagle's algorithm would hold each answer back for the client's delayed ACK, some 40 ms.
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        self._send(
            self.server.handler(Request(self.command, target.path, target.query, headers, body))
        )

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        if "Date" not in response.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: stderr belongs to the command that embeds the sandbox."""


class SandboxServer:
    """Serves `handler` on 127.0.0.1 from a background thread, as a context manager.

    Port 0 picks a free port; `url` says which.
    """

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _Connection)
        self._server.handler = handler
        # A short poll keeps shutdown() from adding half a second to every sandboxed command.
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """The server's URL, without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> SandboxServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
