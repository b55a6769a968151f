"""What strangers may do to a server that stands in the open; each client is a coroutine."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATH = "/api/payments/webhook"
ASK = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n"
PIECE = 16 * 1024
PAUSE_SECONDS = 0.25
_numbers = itertools.count()

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter, "Sent"], Coroutine[Any, Any, None]]


async def idle(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, _sent: Sent) -> None:
    """Say nothing."""
    await reader.read()


async def slow_head(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _sent: Sent
) -> None:
    """A byte of a head a second."""
    writer.write(ASK + b"X-Slow: ")
    await _drip(reader, writer, b"x")


async def slow_body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _sent: Sent
) -> None:
    """Much of a large body, and the rest slowly."""
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000\r\n\r\n".encode())
    writer.write(b"x" * 200_000)
    await writer.drain()
    await _drip(reader, writer, b"x" * 1000)


async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _sent: Sent) -> None:
    """Ask for much, and read nothing."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    while True:
        writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: shop\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.5)


async def headers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: Sent) -> None:
    """Header after header."""
    writer.write(ASK)
    await _flood(writer, (b"X-Long: " + b"v" * 1000 + b"\r\n") * (PIECE // 1010), sent)


async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: Sent) -> None:
    """One header line without an end."""
    writer.write(ASK + b"X-Long: ")
    await _flood(writer, b"v" * PIECE, sent)


async def trailers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: Sent) -> None:
    """Headers behind a body."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode() + b"1\r\nx\r\n0\r\n")
    await _flood(writer, (b"X-Long: " + b"v" * 1000 + b"\r\n") * (PIECE // 1010), sent)


async def unknown(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _sent: Sent) -> None:
    """Ask for payments that do not exist, each once."""
    while True:
        path = f"/api/payments/payment-intent/pi_{os.getpid()}x{next(_numbers)}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
        await reader.readuntil(b"}}")


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drop: bytes) -> None:
    while not reader.at_eof():
        with suppress(TimeoutError):
            await asyncio.wait_for(reader.read(1000), 1)
        writer.write(drop)
        await writer.drain()


async def _flood(writer: asyncio.StreamWriter, piece: bytes, sent: Sent) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        sent(len(piece))


@dataclass(frozen=True)
class Crowd:
    """So many clients of one kind; who is cut off comes again. Over after `megabytes`, if any."""

    what: str
    client: Client
    number: int
    megabytes: int = 0

    def start(self, port: int, seconds: float) -> subprocess.Popen[bytes]:
        """In a process of its own, so that it shares no interpreter with who measures."""
        numbers = map(str, (self.number, self.megabytes, port, seconds))
        module = [sys.executable, "-m", "tests.server.strangers"]
        return subprocess.Popen([*module, self.client.__name__, *numbers], cwd=ROOT)


class Sent:
    """Counts what was sent."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, length: int) -> None:
        self.total += length


async def _crowd(client: Client, number: int, megabytes: int, port: int, seconds: float) -> None:
    sent, until = Sent(), time.monotonic() + seconds
    enough = megabytes * 1_000_000 or float("inf")

    async def again_and_again() -> None:
        while (left := until - time.monotonic()) > 0 and sent.total < enough:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await asyncio.wait_for(_once(client, port, sent), left)
            await asyncio.sleep(PAUSE_SECONDS)

    await asyncio.gather(*(again_and_again() for _ in range(number)))


async def _once(client: Client, port: int, sent: Sent) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await client(reader, writer, sent)
    finally:
        writer.transport.abort()


def main() -> None:
    """One crowd, as `Crowd.start` calls it."""
    name, number, megabytes, port, seconds = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    client = globals()[name]
    asyncio.run(_crowd(client, int(number), int(megabytes), int(port), float(seconds)))


if __name__ == "__main__":
    main()
