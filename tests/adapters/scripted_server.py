"""A server that answers the first request with the first script, the second with the second …"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence


def answer(status: int, body: str = "{}", **headers: str) -> bytes:
    """A whole HTTP answer; underscores in header names become dashes."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"HTTP/1.1 {status} Scripted\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n{named}\r\n{body}"
    ).encode()


CUT_OFF = answer(200, "{}" * 100)[:-50]
NO_ANSWER = b""


class ScriptedServer:
    """Sends raw bytes over loopback and counts the requests, as a context manager."""

    def __init__(self, *script: bytes) -> None:
        self._script: Sequence[bytes] = script
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.requests: list[bytes] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes accept() where closing alone would not.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        for script in self._script:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65536))
                connection.sendall(script)
